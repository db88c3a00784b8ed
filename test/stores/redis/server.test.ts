import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithRedis, describeWithRedisServer, startRedis, useRedis } from '../../support/redis.ts';

describeWithRedis('useRedis', () => {
  const redis = useRedis();

  it('provides a Redis that accepts commands', async () => {
    const client = new Redis(redis.url);
    onTestFinished(() => client.disconnect());
    expect(await client.set(`${redis.prefix}:a`, 'b')).toBe('OK');
  });
});

describeWithRedisServer('startRedis', () => {
  it('starts a server that uses TLS, requires its password, hangs, continues, and restarts on the same port', async () => {
    const server = await startRedis({ tls: true, password: 'pass word' });
    onTestFinished(() => server.close());
    const ca = server.certificate?.cert ?? '';
    const client = new Redis(server.url, { tls: { ca }, commandTimeout: 1_000, retryStrategy: () => 20 });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await client.set('a', 'b');
    server.stop();
    await expect(client.get('a')).rejects.toThrow('timed out');
    server.continue();
    expect(await client.get('a')).toBe('b');
    const { pid } = server;
    await server.restart();
    expect(server.pid).not.toBe(pid);
    await expect.poll(() => client.get('a').catch(() => 'error')).toBe(null);
  });

  it('starts a server that ends when the process that started it is killed', async () => {
    const script = `
      import { startRedis } from './test/support/redis-server.ts';
      const { pid } = await startRedis();
      console.log(pid);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 0);
      setInterval(() => {}, 1_000);
    `;
    const run = promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      script,
    ]);
    const { stdout } = await run.catch((error: { stdout: string }) => error);
    const isRunning = () => {
      try {
        return process.kill(Number(stdout), 0);
      } catch {
        return false;
      }
    };
    expect(Number(stdout)).toBeGreaterThan(0);
    await expect.poll(isRunning).toBe(false);
    expect(existsSync(`/proc/${Number(stdout)}/exe`)).toBe(false);
  });
});
