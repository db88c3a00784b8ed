import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../support/batch.ts';
import { sendJson, startServer } from '../../support/server.ts';

const script = fileURLToPath(new URL('../../support/days-script.ts', import.meta.url));
const DAYS = '2023-10-01/2023-10-06';
const DATES = Array.from({ length: 6 }, (_, n) => `2023-10-0${n + 1}`);
const PER_DAY = 40;

/** Returns the records that the API returns for a day: also one of the day before, and one of the day after. */
function recordsOf(date: string, version: number) {
  const start = Date.parse(`${date}T00:00Z`);
  return Array.from({ length: PER_DAY + 2 }, (_, n) => {
    const at = new Date(start + ((n - 0.5) * 86_400_000) / PER_DAY).toISOString();
    return { id: `${at}`, at, version };
  });
}

function textOf(date: string, version: number): string {
  const within = recordsOf(date, version).filter(({ at }) => at.startsWith(date));
  return within.map((record) => `${JSON.stringify(record)}\n`).join('');
}

/** Starts an API with pages of 10 records. */
async function startDays(onRequest: (requests: number) => void, version: () => number) {
  let requests = 0;
  const server = await startServer(({ url }, response) => {
    const [, date = '', page = ''] = url.split('/');
    onRequest(++requests);
    const all = recordsOf(date, version());
    const from = Number(page) * 10;
    const isLast = from + 10 >= all.length;
    const items = all.slice(from, from + 10);
    sendJson(response, 200, { items, stated: all.length, ...(!isLast && { next: Number(page) + 1 }) });
  });
  onTestFinished(() => server.close());
  return server.url;
}

function start(command: string) {
  const child = spawn('sh', ['-c', command], {
    env: { ...process.env, node: `exec ${process.execPath} --import tsx ${script}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(output)));
  return { child, ended };
}

describe('when a run is killed with SIGKILL', () => {
  it('leaves only complete files with the names of days, and the next run resumes', async () => {
    const directory = await temporaryDirectory();
    let child: ReturnType<typeof start>['child'] | undefined;
    let killAt = 0;
    let sent = 0;
    let version = 1;
    const url = await startDays(
      () => {
        if (++sent === killAt) setTimeout(() => child?.kill('SIGKILL'), Math.random() * 8);
      },
      () => version,
    );
    const run = async (reread: number, kill: number) => {
      sent = 0;
      killAt = kill;
      const started = start(`$node ${url} ${directory} ${DAYS} ${reread}`);
      child = started.child;
      return started.ended;
    };
    const check = async (versions: readonly number[]) => {
      const names = (await readdir(directory)).filter((name) => /^c-[\d-]+\.jsonl$/.test(name));
      for (const name of names) {
        const text = await readFile(join(directory, name), 'utf8');
        expect(versions.map((each) => textOf(name.slice(2, 12), each))).toContain(text);
      }
      return names.length;
    };
    for (const kill of [9, 12]) {
      expect(await run(0, kill)).toBe('');
      await check([1]);
    }
    expect(await run(0, 0)).toBe('done\n');
    expect(await check([1])).toBe(DATES.length);
    version = 2;
    expect(await run(6, 10)).toBe('');
    expect(await check([1, 2])).toBe(DATES.length);
    expect(await run(6, 0)).toBe('done\n');
    expect(await check([2])).toBe(DATES.length);
    const left = (await readdir(directory)).filter((name) => !/^c-[\d-]+\.jsonl(\.checkpoint)?$/.test(name));
    expect(left.filter((name) => !name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('when the disk is full while a day is replaced', () => {
  it('keeps the earlier file, and the next run resumes once there is space', async () => {
    const disk = join(await temporaryDirectory(), 'disk');
    await mkdir(disk);
    const url = await startDays(
      () => {},
      () => 1,
    );
    const day = '2023-10-01';
    const file = `${disk}/c-${day}.jsonl`;
    const run = (reread: number) => `($node ${url} ${disk} ${day} ${reread})`;
    const commands = (full: string, free: string) =>
      `${run(0)}; cp ${file} ${disk}/../before; ${full}; cmp ${file} ${disk}/../before && echo same; ${free} ${run(1)}; cp ${file} ${disk}/../after`;
    // A small disk in a separate namespace disappears with its processes. Without the permission to mount, limit the file size.
    const mayMount = (await start(`unshare -rm mount -t tmpfs none ${disk} && echo yes`).ended) === 'yes\n';
    // The disk has room for the lock files, but not for the day.
    const full = `head -c 45056 /dev/zero >${disk}/filler; ${run(1)}`;
    const command = mayMount
      ? `mount -t tmpfs -o size=64k,mode=700 none ${disk} && ${commands(full, `rm ${disk}/filler;`)}`
      : commands(`(ulimit -f 1; ${run(1)})`, '');
    await writeFile(join(disk, '..', 'commands'), command);
    const { ended } = start(`${mayMount ? 'unshare -rm ' : ''}sh ${disk}/../commands`);
    const [first, failed = '', ...rest] = (await ended).split('\n');
    expect(first).toBe('done');
    const error = JSON.parse(failed);
    expect(error).toMatchObject({ code: 'ERR_DAYS', resumable: true, outcomes: [{ status: 'failed' }] });
    expect(rest).toEqual(['same', 'done', '']);
    expect(await readFile(join(disk, '..', 'after'), 'utf8')).toBe(textOf(day, 1));
  });
});
