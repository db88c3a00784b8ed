import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { temporaryDirectory } from './batch.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

export const MASTER = 'mymaster';

export interface SentinelOptions {
  /** The password of Redis. */
  password?: string;
  /** The password of Sentinel itself. */
  sentinelPassword?: string;
  /** Also starts a replica, to which Sentinel fails over. */
  replica?: boolean;
}

/** A Redis that a Sentinel monitors, for the current test. */
export interface Sentinel {
  readonly port: number;
  readonly master: RedisServer;
  /** Kills the master, and resolves as soon as Sentinel names the replica. */
  failOver(): Promise<void>;
}

export async function startSentinel(options: SentinelOptions = {}): Promise<Sentinel> {
  const { password, sentinelPassword, replica } = options;
  const auth = password ? ['--masterauth', password] : [];
  const start = async (...args: string[]) => {
    const server = await startRedis({ args, ...(password && { password }) });
    onTestFinished(() => server.close());
    return server;
  };
  // By default, a master waits 5 seconds before it serves a replica.
  const master = await start(...auth, '--repl-diskless-sync-delay', '0');
  const second = replica && (await start(...auth, '--replicaof', `127.0.0.1 ${master.port}`));
  if (second) {
    const link = new Redis(second.url);
    await expect.poll(() => link.info('replication'), { timeout: 20_000 }).toContain('master_link_status:up');
    link.disconnect();
  }
  const config = join(await temporaryDirectory(), 'sentinel.conf');
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  writeFileSync(
    config,
    [
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${MASTER} 300`,
      `sentinel failover-timeout ${MASTER} 5000`,
      ...(password ? [`sentinel auth-pass ${MASTER} ${quoted(password)}`] : []),
      ...(sentinelPassword ? [`requirepass ${quoted(sentinelPassword)}`] : []),
    ].join('\n'),
  );
  const { port, ...sentinel } = await startRedis({ sentinel: config });
  onTestFinished(() => sentinel.close());

  const client = new Redis({ port, ...(sentinelPassword && { password: sentinelPassword }) });
  onTestFinished(() => client.disconnect());
  // Sentinel cannot fail over before it has found the replica.
  const replicas = async () => {
    const found = (await client.call('SENTINEL', 'REPLICAS', MASTER)) as string[][];
    return found.filter((fields) => fields[fields.indexOf('master-link-status') + 1] === 'ok').length;
  };
  await expect.poll(replicas, { timeout: 20_000, interval: 50 }).toBe(second ? 1 : 0);
  return {
    port,
    master,
    async failOver() {
      // Redis replicates asynchronously: what the replica has not received is lost with the master. WAIT counts the writes of its connection.
      const link = new Redis(master.url);
      await link.set('failover', 'begins');
      await link.wait(second ? 1 : 0, 20_000);
      link.disconnect();
      await master.kill();
      const address = () => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER);
      await expect
        .poll(address, { timeout: 30_000, interval: 50 })
        .toEqual(['127.0.0.1', `${second ? second.port : 0}`]);
    },
  };
}
