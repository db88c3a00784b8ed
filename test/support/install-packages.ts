import { spawnSync } from 'node:child_process';

/** Installs packages of Debian, as root. Returns whether they are installed. */
export function installPackages(...packages: string[]): boolean {
  const install = () => works('apt-get', 'install', '-y', '--no-install-recommends', ...packages);
  return install() || (works('apt-get', 'update') && install());
}

/** Returns whether this user may install packages of Debian. */
export function mayInstallPackages(): boolean {
  return process.getuid?.() === 0 && works('apt-get', '--version');
}

/** Runs a command, and returns whether it succeeds. */
export function works(command: string, ...args: string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: 'ignore', env, timeout: 300_000 }).status === 0;
}
