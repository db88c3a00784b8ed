import { installPackages, works } from '../support/install-packages.ts';

/** Installs Debian packages unless a command is there. @throws Error that says how to install them */
export function installDebian(command: string, ...packages: string[]): void {
  if (works('which', command)) return;
  if (installPackages(...packages)) return;
  throw new Error(`${command} was not found. Install it: apt-get install ${packages.join(' ')}`);
}
