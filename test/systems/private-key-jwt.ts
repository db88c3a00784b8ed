import { generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { ClientAuthentication } from '../../src/oauth/index.ts';

/** The key of a client, and its public half as the server registers it. */
export interface ClientKey {
  privateKey: KeyObject;
  jwk: JsonWebKey;
}

export function createClientKey(): ClientKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' },
  };
}

/** Returns the client authentication `private_key_jwt` (RFC 7523 section 2.2): a new assertion, which is valid once, for each call. */
export function privateKeyJwt({ privateKey }: ClientKey, audience: string): ClientAuthentication {
  return ({ body }, clientId) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: clientId,
      sub: clientId,
      aud: audience,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
    };
    const content = [{ alg: 'RS256', typ: 'JWT', kid: 'key-1' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('RSA-SHA256', Buffer.from(content), privateKey).toString('base64url');
    body.set('client_id', clientId);
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    body.set('client_assertion', `${content}.${signature}`);
  };
}
