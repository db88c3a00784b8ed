import type { Command } from 'commander';
import { chooseVendor } from '../choose-vendor.ts';
import type { CommandContext } from '../command-context.ts';
import { connect } from '../connection.ts';
import { readEnvironment } from '../environment.ts';
import { EXIT } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { addConnectionFlags, type ConnectionFlags, vendorFlag } from '../flags/run-flags.ts';
import { abortOnSignal } from '../interrupt.ts';
import { duration } from '../reporter/words.ts';
import type { VendorName } from '../variables.ts';

/** Checks the credentials: fetches a token and says what is known of it, never the token. */
export function addToken(program: Command, { io, end }: CommandContext): void {
  const command = program
    .command('token')
    .description('Check the credentials: fetch a token and say what is known of it, never the token.')
    .addOption(vendorFlag())
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh token
  $ axios-oauth-refresh token --env genesys.env

Exit codes: 0 the credentials are good; 2 they are not complete; 3 they are refused; 5 throttled;
6 the token endpoint could not be reached.
`,
    );
  addConnectionFlags(command).action(
    async ({ env: envFile, vendor: name }: ConnectionFlags & { vendor?: VendorName }) => {
      const { signal, release } = abortOnSignal(io, () => {});
      try {
        const warn = (message: string) => void io.stderr.write(`warning: ${message}\n`);
        const { vendor } = chooseVendor(readEnvironment(io, envFile, warn), name);
        const requestedAt = Date.now();
        const { expiresAt, scope, apiBaseUrl } = await connect({ vendor }).tokens.getToken({ signal });
        const known = {
          vendor: vendor.name,
          'token from': issuerOf(vendor.tokenKey),
          lifetime: duration(expiresAt - requestedAt),
          expires: new Date(expiresAt).toISOString(),
          scopes: scope ?? 'not stated by the server',
          API: apiBaseUrl ?? vendor.apiBaseUrl,
        };
        for (const [label, value] of Object.entries(known)) {
          if (value !== undefined) io.stdout.write(`${label.padEnd(11)} ${value}\n`);
        }
        end(EXIT.complete);
      } catch (error) {
        const { message, exitCode } = failureOf(signal.aborted ? signal.reason : error, undefined);
        io.stderr.write(`error: ${message}\n`);
        end(exitCode);
      } finally {
        release();
      }
    },
  );
}

/** The token endpoint, or the issuer whose discovery names it: the first part of each vendor's key. */
function issuerOf(tokenKey: string | undefined): string | undefined {
  return tokenKey === undefined ? undefined : (JSON.parse(tokenKey) as string[])[0];
}
