import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../cli/support.ts';
import { temporaryDirectory } from '../support/batch.ts';
import { codeBlocks, ROOT, readPage } from '../support/doc-pages.ts';

const read = (name: string) => readFileSync(join(ROOT, 'examples', name), 'utf8');
const service = read('systemd/axios-oauth-refresh.service');
const crontab = read('crontab')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** A CronJob, as far as the tests read it. */
interface CronJob {
  kind: string;
  spec: {
    schedule: string;
    timeZone: string;
    concurrencyPolicy: string;
    jobTemplate: {
      spec: {
        activeDeadlineSeconds: number;
        podFailurePolicy: { rules: { onExitCodes: { containerName: string; values: number[] } }[] };
        template: { spec: PodSpec };
      };
    };
  };
}

interface PodSpec {
  containers: {
    name: string;
    args: string[];
    envFrom: object[];
    volumeMounts: { name: string; mountPath: string }[];
  }[];
  volumes: { name: string; persistentVolumeClaim: { claimName: string } }[];
}

/** Reads YAML with the parser of typedoc, because this project has none of its own. */
function cronJob(): [CronJob, { kind: string; metadata: { name: string } }] {
  const { parseAllDocuments } = createRequire(createRequire(import.meta.url).resolve('typedoc'))('yaml');
  return parseAllDocuments(read('kubernetes/cronjob.yaml')).map(
    (document: { errors: unknown[]; toJS(): unknown }) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    },
  );
}

/** Splits a command line as a shell does, without its variables. */
function words(line: string): string[] {
  return [...line.replace(/\\\n/g, ' ').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, word = '']) => quoted ?? word,
  );
}

/** Returns the arguments of each command in a text. */
function commandsIn(text: string): string[][] {
  const lines = text.replace(/\\\n/g, ' ').matchAll(/(?:\$COMMAND|(?<!install )axios-oauth-refresh) (.*)/g);
  return [...lines].map(([, line = '']) => words(line));
}

function dockerCommand(): string[] {
  return JSON.parse(/^CMD (.*)$/m.exec(read('docker/Dockerfile'))?.[1] ?? '');
}

const commands: [name: string, args: string[]][] = [
  ...commandsIn(crontab.join('\n')).map((args): [string, string[]] => ['examples/crontab', args]),
  ...commandsIn(service).map((args): [string, string[]] => ['the systemd service', args]),
  ['the Dockerfile', dockerCommand()],
  ['the CronJob', cronJob()[0].spec.jobTemplate.spec.template.spec.containers[0]?.args ?? []],
  ...codeBlocks(readPage('docs/guides/nightly.md'))
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code, place }) => commandsIn(code).map((args): [string, string[]] => [place, args])),
];

describe('examples', () => {
  it('contain commands', () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  it.each(commands)('the command accepts the flags in %s', async (_, args) => {
    const directory = await temporaryDirectory();
    const env = join(directory, 'env');
    writeFileSync(env, '');
    chmodSync(env, 0o600);
    const own = args.map((arg, index) => (args[index - 1] === '--env' ? env : arg));
    const postgres = own.some((arg) => arg.startsWith('postgres:'));
    const input =
      own[0] === 'import' ? own.with(own.indexOf('--in') + 1, join(directory, 'contacts.csv')) : own;
    const { code, stderr } = await run(input, {});
    // The missing credentials are the first problem. A database is opened before.
    if (postgres) expect(stderr).not.toMatch(/unknown option|argument '.*' is invalid/);
    else expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('GENESYS_CLIENT_ID') });
  });

  it('crontab has five valid time fields before each command', () => {
    const jobs = crontab.filter((line) => !/^\w+=/.test(line));
    expect(jobs).toHaveLength(1);
    const limits = [59, 23, 31, 12, 7];
    for (const line of jobs) {
      const fields = line.split(/\s+/, 5);
      for (const [index, field] of fields.entries()) {
        if (field === '*') continue;
        expect(field).toMatch(/^\d+$/);
        expect(Number(field)).toBeLessThanOrEqual(limits[index] ?? 0);
      }
      // cron would replace it by a line break.
      expect(line).not.toContain('%');
    }
  });

  it('systemd accepts the service and the timer', async () => {
    for (const section of ['[Unit]', '[Service]', 'ExecStart=/', 'Type=oneshot'])
      expect(service).toContain(section);
    const timer = read('systemd/axios-oauth-refresh.timer');
    expect(timer).toMatch(/^OnCalendar=\S/m);
    if (!existsSync('/usr/bin/systemd-analyze')) return;
    const directory = await temporaryDirectory();
    const units = {
      // systemd requires a program that exists.
      'axios-oauth-refresh.service': service.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'),
      'axios-oauth-refresh.timer': timer,
    };
    for (const [name, text] of Object.entries(units)) writeFileSync(join(directory, name), text);
    const paths = Object.keys(units).map((name) => join(directory, name));
    expect(
      execFileSync('/usr/bin/systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' }),
    ).toBe('');
  });

  it('the CronJob runs one job at a time, on a volume, and ends before the next night', () => {
    const [{ kind, spec }, claim] = cronJob();
    const job = spec.jobTemplate.spec;
    const [container] = job.template.spec.containers;
    expect(kind).toBe('CronJob');
    expect(spec).toMatchObject({ concurrencyPolicy: 'Forbid', timeZone: 'Europe/Berlin' });
    expect(spec.schedule.split(' ')).toHaveLength(5);
    expect(job.activeDeadlineSeconds).toBeLessThan(86_400);
    expect(job.podFailurePolicy.rules[0]?.onExitCodes.containerName).toBe(container?.name);
    const [volume] = job.template.spec.volumes;
    expect(container?.volumeMounts[0]?.name).toBe(volume?.name);
    expect(claim).toMatchObject({
      kind: 'PersistentVolumeClaim',
      metadata: { name: volume?.persistentVolumeClaim.claimName },
    });
  });

  it('the Dockerfile runs as another user than root, in a volume that this user can write', () => {
    const lines = read('docker/Dockerfile')
      .split('\n')
      .filter((line) => /^[A-Z]+ /.test(line));
    const instructions = lines.map((line) => line.split(' ', 1)[0]);
    expect(instructions[0]).toBe('FROM');
    expect(lines).toContain('USER node');
    expect(lines).toContain('VOLUME /exports');
    expect(lines.indexOf('USER node')).toBeLessThan(instructions.indexOf('ENTRYPOINT'));
    expect(read('docker/Dockerfile')).toMatch(/--owner=node .*--mode=0700 \/exports/);
  });

  it('are all mentioned in the guide', () => {
    const files = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(ROOT, 'examples', name)).isFile(),
    );
    const { text } = readPage('docs/guides/nightly.md');
    for (const name of files)
      expect(text).toContain(name.startsWith('systemd') ? 'examples/systemd' : `examples/${name}`);
  });
});
