import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Certificate, selfSigned } from './certificate.ts';
import { onFreePort } from './free-port.ts';

export interface RedisServerOptions {
  /** Additional arguments of redis-server, such as `['--maxmemory', '3mb']`. */
  args?: string[];
  /** Uses TLS with a self-signed certificate. */
  tls?: boolean;
  password?: string;
  /** Starts a Sentinel with this configuration file. */
  sentinel?: string;
}

/** A redis-server on loopback, without persistence. */
export interface RedisServer {
  /** Contains the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly certificate: Certificate | undefined;
  flushAll(): Promise<void>;
  /** Ends the server with SIGKILL. Its data is lost. */
  kill(): Promise<void>;
  /** Suspends the server with SIGSTOP until `continue` is called. */
  stop(): void;
  continue(): void;
  /** Kills a running server, and starts an empty server on the same port. */
  restart(): Promise<void>;
  /** Ends the server and removes its directory. */
  close(): Promise<void>;
}

// Ends the server within half a second after this process is killed, and removes its directory.
const GUARD = `
  while kill -0 "$0" 2>/dev/null; do kill -0 "$1" 2>/dev/null || exit; sleep 0.5; done
  kill -9 "$1"; rm -rf "$2"
`;

/** Starts a server on a free port. The server ends with this process at the latest. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-'));
  const certificate = options.tls ? selfSigned() : undefined;
  const args = [
    ...(options.sentinel ? [options.sentinel, '--sentinel'] : []),
    ...commonArgs(dir, options.password),
    ...tlsArgs(dir, certificate),
    ...(options.args ?? []),
  ];
  const portOption = certificate ? '--tls-port' : '--port';
  const start = (port: number) => launch([...args, portOption, `${port}`], dir);

  const { server, port } = await onFreePort(start);
  let now = server;

  const auth = options.password ? `:${encodeURIComponent(options.password)}@` : '';
  const url = `${certificate ? 'rediss' : 'redis'}://${auth}127.0.0.1:${port}`;
  return {
    url,
    port,
    certificate,
    get pid() {
      return now.pid;
    },
    async flushAll() {
      const client = new Redis(url, certificate ? { tls: { ca: certificate.cert } } : {});
      await client.flushall().finally(() => client.disconnect());
    },
    kill: () => now.end(),
    stop: () => void process.kill(now.pid, 'SIGSTOP'),
    continue: () => void process.kill(now.pid, 'SIGCONT'),
    async restart() {
      await now.end();
      now = await start(port);
    },
    async close() {
      await now.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Running {
  pid: number;
  end(): Promise<void>;
}

async function launch(args: string[], dir: string): Promise<Running> {
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
    pid,
    async end() {
      // Kill the process group of the guard, which includes its `sleep`.
      try {
        if (guard.exitCode === null && guard.signalCode === null) process.kill(-(guard.pid ?? 0), 'SIGKILL');
      } catch {
        // The guard has ended with the server, but its exit event is still pending.
      }
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) {
        server.ref();
        await exited;
      }
    },
  };
}

async function untilReady(server: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      log += chunk;
      if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve();
    };
    server.stdout?.on('data', onData);
    server.stderr?.on('data', onData);
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`redis-server exited: ${log.slice(-500)}`)));
  });
  // Discard further output, and do not let the pipes keep this process alive.
  for (const stream of [server.stdout, server.stderr]) {
    stream?.removeAllListeners('data').resume();
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

function commonArgs(dir: string, password: string | undefined): string[] {
  return [
    ...['--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    ...(password ? ['--requirepass', password] : []),
  ];
}

function tlsArgs(dir: string, certificate: Certificate | undefined): string[] {
  if (!certificate) return [];
  const cert = join(dir, 'cert.pem');
  const key = join(dir, 'key.pem');
  writeFileSync(cert, certificate.cert);
  writeFileSync(key, certificate.key);
  return [
    ...['--port', '0', '--tls-cert-file', cert, '--tls-key-file', key],
    ...['--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'],
  ];
}
