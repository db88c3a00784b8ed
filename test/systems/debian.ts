import { works } from '../support/redis-setup.ts';

/** Installs Debian packages unless a command is there. @throws Error that says how to install them */
export function installDebian(command: string, ...packages: string[]): void {
  if (works('which', command)) return;
  const install = () => works('apt-get', 'install', '-y', '--no-install-recommends', ...packages);
  if (install() || (works('apt-get', 'update') && install())) return;
  throw new Error(`${command} was not found. Install it: apt-get install ${packages.join(' ')}`);
}
