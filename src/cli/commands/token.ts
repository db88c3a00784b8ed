import type { Command } from 'commander';
import { duration, printable, removeUserInfo } from '../../core/internal.ts';
import { chooseVendor } from '../choose-vendor.ts';
import type { CommandContext } from '../command-context.ts';
import { connect } from '../connection.ts';
import { readEnvironment } from '../environment.ts';
import { EXIT, EXIT_CODES } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import {
  addConnectionFlags,
  addShareFlags,
  type ConnectionFlags,
  type ShareFlags,
  vendorFlag,
} from '../flags/run-flags.ts';
import { addHelpEnd } from '../help.ts';
import { abortOnSignal } from '../interrupt.ts';
import { openSharing } from '../share.ts';
import type { VendorName } from '../variables.ts';

/** Adds the command that checks the credentials. It never prints the token. */
export function addToken(program: Command, { io, setExitCode }: CommandContext): void {
  const command = program
    .command('token')
    .description('Check the credentials: fetch a token and print its properties, but not the token.');
  addHelpEnd(addShareFlags(addConnectionFlags(command).addOption(vendorFlag()), 'one token'), {
    examples: ['token', 'token --env genesys.env --vendor genesys'],
    exitCodes: {
      0: 'the credentials are valid',
      1: EXIT_CODES[1],
      2: 'a variable or a file is missing or wrong',
      3: 'the credentials are refused',
      5: 'the token endpoint throttles',
      6: 'the token endpoint is unreachable',
      130: 'interrupted by Ctrl-C',
      143: 'interrupted by SIGTERM',
    },
  }).action(async (flags: ConnectionFlags & ShareFlags & { vendor?: VendorName }) => {
    const { signal, release } = abortOnSignal(io, () => {});
    try {
      const warn = (message: string) => void io.stderr.write(`warning: ${message}\n`);
      const { vendor } = chooseVendor(readEnvironment(io, flags.env, warn), flags.vendor);
      const store = (await openSharing(io, flags, vendor))?.store;
      const requestedAt = Date.now();
      const { expiresAt, scope, apiBaseUrl } = await connect({ vendor, store }).tokens.getToken({ signal });
      const known = {
        vendor: vendor.name,
        'token from': withoutUserInfo(issuerOf(vendor.tokenKey)),
        lifetime: duration(expiresAt - requestedAt),
        expires: new Date(expiresAt).toISOString(),
        scopes: scope ?? 'not stated by the server',
        API: withoutUserInfo(apiBaseUrl ?? vendor.apiBaseUrl),
      };
      for (const [label, value] of Object.entries(known)) {
        if (value !== undefined) io.stdout.write(`${label.padEnd(11)} ${printable(value)}\n`);
      }
      setExitCode(EXIT.complete);
    } catch (error) {
      const { message, hint, exitCode } = failureOf(signal.aborted ? signal.reason : error);
      io.stderr.write(`error: ${message}\n`);
      // The other hints name flags that this command does not have.
      if (exitCode === EXIT.partial && hint !== undefined) io.stderr.write(`hint: ${hint}\n`);
      setExitCode(exitCode);
    } finally {
      release();
    }
  });
}

function withoutUserInfo(url: string | undefined): string | undefined {
  return url === undefined ? undefined : removeUserInfo(url);
}

/** Returns the token endpoint or the issuer, which is the first part of each vendor's key. */
function issuerOf(tokenKey: string | undefined): string | undefined {
  return tokenKey === undefined ? undefined : (JSON.parse(tokenKey) as string[])[0];
}
