import { type Command, Option } from 'commander';
import { messageOf, refuse } from '../../core/internal.ts';
import { type SimulatorOptions, startVendorSimulator, type VendorSimulator } from '../../testing/index.ts';
import { SIMULATOR_DEFAULTS } from '../../testing/internal.ts';
import { CXONE_VARIABLES, DESCRIBED_VENDORS, GENESYS_VARIABLES } from '../../vendors/internal.ts';
import type { CommandContext } from '../command-context.ts';
import { type DataClockFlags, dataClockOptions, parseNow, parseSpeed } from '../data-clock.ts';
import { EXIT, EXIT_CODES } from '../exit-code.ts';
import { addIntervalFlags } from '../flags/period-flags.ts';
import { addHelpEnd } from '../help.ts';
import { parseCount, parsePort, parseSeconds, parseShare } from '../parse.ts';

interface SimulateFlags extends DataClockFlags {
  vendor: SimulatedVendor;
  port: number;
  records: number;
  seed: number;
  long?: number;
  tokenLifetime?: number;
  revokeEvery?: number;
  pageDelay?: number;
  faultRate?: number;
}

type SimulatedVendor = keyof typeof DESCRIBED_VENDORS;
const SIMULATED = Object.keys(DESCRIBED_VENDORS) as SimulatedVendor[];

/** Starts the simulator. @throws ConfigurationError if an option is invalid or the port is in use. */
function startSimulator(options: SimulatorOptions): Promise<VendorSimulator> {
  return startVendorSimulator(options).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    refuse('simulate', [
      code === 'EADDRINUSE'
        ? `port ${options.port} is in use; choose another --port, or 0 for any free port`
        : messageOf(error),
    ]);
    throw error;
  });
}

/** Adds the command that runs the vendor simulator until Ctrl-C. */
export function addSimulate(program: Command, { io, setExitCode }: CommandContext): void {
  const { records, seed, interval, genesysLifetime, cxoneLifetime } = SIMULATOR_DEFAULTS;
  const command = program
    .command('simulate')
    .description('Run a simulator of Genesys Cloud and NICE CXone on this machine until Ctrl-C, for tests.')
    .optionsGroup('Server:')
    .option('--port <port>', 'port to listen on; 0 for any free port', parsePort, 0)
    .addOption(
      new Option('--vendor <vendor>', 'vendor whose variables are printed')
        .choices(SIMULATED)
        .default('genesys' satisfies SimulatedVendor),
    )
    .optionsGroup('Data:')
    .option('--records <n>', 'number of conversations', parseCount, records)
    .option('--seed <n>', 'seed of the data and the faults', parseCount, seed)
    .option('--long <share>', 'share of conversations that last from 1 to 30 hours (default: 0)', parseShare)
    .optionsGroup('Clock of the data:')
    .option('--now <time>', 'time at which the clock starts (default: no clock, all data at once)', parseNow)
    .option('--speed <factor>', 'hours of the data that pass in one real hour (default: 1)', parseSpeed)
    .option(
      '--late-changes <share>',
      'share of conversations that change up to 12 hours after their end (default: 0)',
      parseShare,
    )
    .option(
      '--late-arrivals <share>',
      'share of conversations that appear up to 12 hours after their start (default: 0)',
      parseShare,
    )
    .optionsGroup('Tokens and faults:')
    .option(
      '--token-lifetime <s>',
      `seconds until a token expires (default: ${genesysLifetime} Genesys Cloud, ${cxoneLifetime} CXone)`,
      parseSeconds,
    )
    .option('--revoke-every <n>', 'revoke all tokens after this many requests (default: never)', parseCount)
    .option('--fault-rate <share>', 'share of 429, 503 and resets, from 0 to 1 (default: 0)', parseShare)
    .option('--page-delay <s>', 'seconds before each response (default: 0)', parseSeconds);
  addIntervalFlags(
    command.optionsGroup('Data:'),
    `start times of the conversations (default: ${interval}; with --now, the 31 days from that time)`,
  );
  addHelpEnd(command, {
    examples: ['simulate --port 4010 > simulator.sh', 'simulate --port 4010 --now 2026-10-01 --speed 3600'],
    notes: `The simulator requires no credentials. It prints environment variables, with
which other commands use the simulator. To set the variables in another shell,
run: . ./simulator.sh
With --now, a conversation appears when the clock reaches its start, and it has
no end until the clock reaches its end. With --speed 3600, an hour takes a
second. Tokens and jobs follow the real time.
The server simulates both vendors. The variables of the vendor that --vendor
does not name are printed as comments.`,
    vendors: [],
    exitCodes: {
      0: 'stopped by Ctrl-C or SIGTERM',
      1: EXIT_CODES[1],
      2: 'wrong options, or the port is in use',
    },
  }).action(async (flags: SimulateFlags) => {
    const { tokenLifetime, revokeEvery, pageDelay, faultRate } = flags;
    const simulator = await startSimulator({
      port: flags.port,
      records: flags.records,
      seed: flags.seed,
      ...(flags.long !== undefined && { longConversations: flags.long }),
      ...dataClockOptions(flags),
      ...(tokenLifetime !== undefined && { tokenLifetime: tokenLifetime / 1000 }),
      ...(revokeEvery !== undefined && { revokeEvery }),
      ...(pageDelay !== undefined && { pageDelay }),
      ...(faultRate !== undefined && { faults: { probability: faultRate } }),
    });
    const variables: Readonly<Record<string, string>> = {
      [GENESYS_VARIABLES.envUrl]: simulator.url,
      [GENESYS_VARIABLES.clientId]: simulator.clientId,
      [GENESYS_VARIABLES.clientSecret]: simulator.clientSecret,
      [CXONE_VARIABLES.issuer]: simulator.url,
      [CXONE_VARIABLES.clientId]: simulator.clientId,
      [CXONE_VARIABLES.clientSecret]: simulator.clientSecret,
      [CXONE_VARIABLES.accessKeyId]: simulator.accessKeyId,
      [CXONE_VARIABLES.accessKeySecret]: simulator.accessKeySecret,
    };
    const linesOf = (vendor: SimulatedVendor) =>
      DESCRIBED_VENDORS[vendor].names
        .filter((name) => variables[name] !== undefined)
        .map((name) => `export ${name}='${variables[name]}'\n`);
    // With the variables of both, commands that work for any vendor would ask for one.
    const others = SIMULATED.filter((vendor) => vendor !== flags.vendor).flatMap((vendor) => [
      `# For ${DESCRIBED_VENDORS[vendor].label}, in another shell, or with --vendor ${vendor}:\n`,
      ...linesOf(vendor).map((line) => `# ${line}`),
    ]);
    io.stdout.write(
      `# ${flags.records} conversations in ${simulator.interval} at ${simulator.url}; press Ctrl-C to stop\n` +
        [...linesOf(flags.vendor), ...others].join(''),
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
    setExitCode(EXIT.complete);
  });
}
