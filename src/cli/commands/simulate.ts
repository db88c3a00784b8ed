import type { Command } from 'commander';
import { messageOf, refuse } from '../../core/internal.ts';
import { type SimulatorOptions, startVendorSimulator, type VendorSimulator } from '../../testing/index.ts';
import { SIMULATOR_DEFAULTS } from '../../testing/internal.ts';
import { CXONE_VARIABLES, GENESYS_VARIABLES } from '../../vendors/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { parseCount, parseInterval, parseSeconds, parseShare } from '../parse.ts';

interface SimulateFlags {
  port: number;
  records: number;
  interval?: { start: string; end: string };
  seed: number;
  tokenLifetime?: number;
  revokeEvery?: number;
  pageDelay?: number;
  faultRate?: number;
}

/** Starts it. @throws ConfigurationError when its options or the port will not do. */
function started(options: SimulatorOptions): Promise<VendorSimulator> {
  return startVendorSimulator(options).catch((error: unknown) => {
    refuse('simulate', [messageOf(error)]);
    throw error;
  });
}

/** Runs the vendor simulator until it is interrupted. */
export function addSimulate(program: Command, { io, end }: CommandContext): void {
  const { records, seed, interval, genesysLifetime, cxoneLifetime } = SIMULATOR_DEFAULTS;
  program
    .command('simulate')
    .description(
      'Run a simulator of Genesys Cloud and NICE CXone on this machine until Ctrl-C, to test tools against.',
    )
    .option('--port <port>', 'to listen on; 0 for a free one', parseCount, 0)
    .option('--records <n>', 'how many conversations it has', parseCount, records)
    .option(
      '--interval <start/end>',
      `start times of the conversations (default: ${interval})`,
      parseInterval,
    )
    .option('--seed <n>', 'decides the data and the faults', parseCount, seed)
    .option(
      '--token-lifetime <s>',
      `seconds (default: ${genesysLifetime} Genesys Cloud, ${cxoneLifetime} CXone)`,
      parseSeconds,
    )
    .option('--revoke-every <n>', 'revokes all tokens after so many requests (default: never)', parseCount)
    .option('--page-delay <s>', 'seconds before each answer (default: 0)', parseSeconds)
    .option('--fault-rate <share>', 'of answers 429, 503 or reset, from 0 to 1 (default: 0)', parseShare)
    .addHelpText(
      'after',
      `
Examples:
  $ axios-oauth-refresh simulate --port 4010 --token-lifetime 2 --fault-rate 0.05

It prints the variables that lead other commands to it, for a second shell. Its credentials are made up.
`,
    )
    .action(async (flags: SimulateFlags) => {
      const { interval, tokenLifetime, revokeEvery, pageDelay, faultRate } = flags;
      const simulator = await started({
        port: flags.port,
        records: flags.records,
        seed: flags.seed,
        ...(interval && { interval: `${interval.start}/${interval.end}` }),
        ...(tokenLifetime !== undefined && { tokenLifetime: tokenLifetime / 1000 }),
        ...(revokeEvery !== undefined && { revokeEvery }),
        ...(pageDelay !== undefined && { pageDelay }),
        ...(faultRate !== undefined && { faults: { probability: faultRate } }),
      });
      const variables = {
        [GENESYS_VARIABLES.envUrl]: simulator.url,
        [GENESYS_VARIABLES.clientId]: simulator.clientId,
        [GENESYS_VARIABLES.clientSecret]: simulator.clientSecret,
        [CXONE_VARIABLES.issuer]: simulator.url,
        [CXONE_VARIABLES.clientId]: simulator.clientId,
        [CXONE_VARIABLES.clientSecret]: simulator.clientSecret,
        [CXONE_VARIABLES.accessKeyId]: simulator.accessKeyId,
        [CXONE_VARIABLES.accessKeySecret]: simulator.accessKeySecret,
      };
      const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
      io.stdout.write(
        `# ${flags.records} conversations in ${simulator.interval} at ${simulator.url}; Ctrl-C ends it.\n` +
          `${lines.join('\n')}\n`,
      );
      await new Promise<void>((resolve) => {
        const release = io.onSignal(() => {
          release();
          resolve();
        });
      });
      const { tokenRequests, apiRequests, unauthorized, rateLimited, serverErrors } = simulator.counts;
      await simulator.close();
      io.stderr.write(
        `${apiRequests} API requests, ${tokenRequests} token requests, ${unauthorized} answered 401, ` +
          `${rateLimited} 429, ${serverErrors} 5xx\n`,
      );
      end(EXIT.complete);
    });
}
