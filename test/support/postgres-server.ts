import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePort } from './free-port.ts';

/** A Postgres on loopback. Any password is accepted. */
export interface PostgresServer {
  /** The URL of the database `postgres`, with the user `postgres`. */
  readonly url: string;
  /** Ends the server as a crash would. Committed data stays. */
  kill(): Promise<void>;
  /** Starts a server that was killed, on the same port. */
  start(): Promise<void>;
  /** Ends the server and removes its directory. */
  close(): Promise<void>;
}

// Ends the server within half a second after this process is killed, and removes its directory.
const GUARD = `
  while kill -0 "$0" 2>/dev/null; do kill -0 "$1" 2>/dev/null || exit; sleep 0.5; done
  kill -9 -"$1"; rm -rf "$2"
`;

/**
 * Starts a server on a free port. The server ends with this process at the latest.
 *
 * @param bin directory of the programs. @param settings change the settings, for example `fsync`.
 */
export async function startPostgres(
  bin: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const user = serverUser();
  const dir = mkdtempSync(join(tmpdir(), 'pg-'));
  if (user) chownSync(dir, user.uid, user.gid);
  const data = join(dir, 'data');
  const as = { ...user, cwd: dir, env: { PATH: process.env.PATH, LC_ALL: 'C' } };
  const initdb = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '--no-sync',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-locale',
      '--no-instructions',
    ],
    { ...as, encoding: 'utf8' },
  );
  if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.stderr || initdb.error?.message}`);

  const launch = (port: number) =>
    launchServer(join(bin, 'postgres'), [...serverArgs(data, dir, settings), '-p', `${port}`], as, dir);
  const { server, port } = await onFreePort(launch);
  let now = server;
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    kill: () => now.end(),
    async start() {
      now = await launch(port);
    },
    async close() {
      await now.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Postgres refuses to run as root. @returns undefined if this process is not root. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(spawnSync('id', [option, 'postgres'], { encoding: 'utf8' }).stdout);
  // `nobody` exists everywhere.
  return { uid: id('-u') || 65_534, gid: id('-g') || 65_534 };
}

function serverArgs(data: string, sockets: string, changed: Readonly<Record<string, string>>): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: sockets,
    // A killed server keeps its data, because the operating system stays up.
    fsync: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
    max_connections: '60',
    autovacuum: 'off',
    ...changed,
  };
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

interface Running {
  end(): Promise<void>;
}

async function launchServer(program: string, args: string[], as: object, dir: string): Promise<Running> {
  // A process group of its own, because a killed postmaster leaves its backends behind for a moment.
  const server: ChildProcess = spawn(program, args, {
    ...as,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await untilReady(server);
  const { pid = 0 } = server;
  const guard = spawn('sh', ['-c', GUARD, `${process.pid}`, `${pid}`, dir], {
    detached: true,
    stdio: 'ignore',
  });
  guard.unref();
  server.unref();
  return {
    async end() {
      if (server.exitCode === null && server.signalCode === null) {
        server.ref();
        // SIGQUIT: the postmaster ends its backends without a shutdown checkpoint, as in a crash.
        server.kill('SIGQUIT');
        await exited;
      }
      try {
        if (guard.exitCode === null && guard.signalCode === null) process.kill(-(guard.pid ?? 0), 'SIGKILL');
      } catch {
        // The guard has ended with the server, but its exit event is still pending.
      }
    },
  };
}

async function untilReady(server: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      log += chunk;
      if (/ready to accept connections/.test(log)) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`postgres exited: ${log.slice(-500)}`)));
  });
  const { stderr } = server;
  stderr?.removeAllListeners('data').resume();
  if (stderr && 'unref' in stderr && typeof stderr.unref === 'function') stderr.unref();
}
