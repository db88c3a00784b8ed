import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeWithRedisServer } from '../support/redis.ts';
import { type RotatingServer, startRotatingServer } from '../support/rotating-server.ts';
import { newStoreLocation, type StoreKind } from '../support/store-location.ts';

const SCRIPT = resolve(import.meta.dirname, '../support/refresh-token-script.ts');

/** Sends one request in a process of its own. `kill` ends the process with SIGKILL. */
function send(
  server: RotatingServer,
  kind: StoreKind,
  location: string,
  refreshToken: string,
  scope = 'read',
) {
  const args = ['--import', 'tsx', SCRIPT, server.url, kind, location, refreshToken, scope];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const ended = new Promise<string>((done) => child.on('close', () => done(output)));
  return { ended, kill: () => child.kill('SIGKILL') };
}

/** Kills a process after the server has rotated its refresh token and before it answers. @returns the refresh token. */
async function interrupt(server: RotatingServer, kind: StoreKind, location: string, refreshToken: string) {
  const child = send(server, kind, location, refreshToken);
  server.beforeAnswer = async () => {
    child.kill();
    await child.ended;
  };
  expect(await child.ended).toBe('');
  server.beforeAnswer = undefined;
  return server.used.at(-1) as string;
}

function describeKilled(kind: StoreKind) {
  it('makes the next process send the refresh token once, and name the interrupted rotation if the server refuses the refresh token', async () => {
    const server = await startRotatingServer();
    const refreshToken = server.authorize();
    const location = await newStoreLocation(kind);
    expect(await send(server, kind, location, refreshToken).ended).toBe('200');
    server.revokeAccess();
    const lost = await interrupt(server, kind, location, refreshToken);
    const before = server.used.length;
    expect(await send(server, kind, location, refreshToken, 'write').ended).toMatch(
      /^ERR_TOKEN_ENDPOINT .*The rotation of the refresh token was interrupted/,
    );
    expect(server.used.slice(before).filter((token) => token === lost)).toHaveLength(1);
  });

  it('costs nothing if the server accepts the refresh token again, and later processes send its successor', async () => {
    const server = await startRotatingServer();
    server.grace = 1;
    const refreshToken = server.authorize();
    const location = await newStoreLocation(kind);
    const lost = await interrupt(server, kind, location, refreshToken);
    expect(await send(server, kind, location, refreshToken).ended).toBe('200');
    expect(await send(server, kind, location, refreshToken, 'write').ended).toBe('200');
    expect(server.used.filter((token) => token === lost)).toHaveLength(2);
    expect(server.revokedGrants.size).toBe(0);
  });
}

describe('kill -9 between a token request with a refresh token and the write of its answer', () => {
  describe('with the file store', () => describeKilled('kernel'));
  describe('with the file store and a lease', () => describeKilled('lease'));
  describeWithRedisServer('with Redis', () => describeKilled('redis'));
});
