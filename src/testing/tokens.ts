import type { Settings } from './settings.ts';

/** The API that accepts a token. Both APIs accept the tokens of the tutorial's CXone form, which no real vendor has. */
export type Audience = 'genesys' | 'cxone' | 'both';

/** The tokens of one simulator. */
export interface TokenStore {
  /** Returns the number of issued access tokens. */
  issued(): number;
  issue(audience: Audience, issuer: string): { accessToken: string; expiresIn: number };
  issueRefreshToken(): string;
  /** Uses up a refresh token. Returns false if it is unknown, used or expired. */
  spendRefreshToken(token: string): boolean;
  /** Returns the number of a valid token, from 1; undefined if it is unknown, expired, revoked or for another API. */
  check(token: string, audience: Audience): number | undefined;
  /** Revokes all access tokens. */
  revoke(): void;
  /** Revokes all refresh tokens. */
  revokeRefreshTokens(): void;
}

const PRUNE_ABOVE = 1000;

/** Creates an empty store. */
export function createTokenStore(settings: Settings): TokenStore {
  const live = new Map<string, { number: number; audience: Audience; expiresAt: number }>();
  const refreshTokens = new Map<string, number>();
  let issued = 0;
  let refreshIssued = 0;

  const prune = (now: number) => {
    if (live.size < PRUNE_ABOVE) return;
    for (const [token, entry] of live) if (entry.expiresAt <= now) live.delete(token);
  };

  return {
    issued: () => issued,
    issue(audience, issuer) {
      const now = settings.now();
      const expiresIn = audience === 'genesys' ? settings.genesysLifetime : settings.cxoneLifetime;
      const number = ++issued;
      prune(now);
      const token =
        audience === 'genesys'
          ? opaqueToken(settings.salt, number)
          : unsignedJwt({
              sub: `user:${settings.accessKeyId}`,
              iss: issuer,
              tenantId: settings.tenantId,
              jti: `${settings.salt}.${number}`,
              iat: Math.floor(now / 1000),
              exp: Math.floor(now / 1000 + expiresIn),
            });
      live.set(token, { number, audience, expiresAt: now + expiresIn * 1000 });
      return { accessToken: token, expiresIn };
    },
    issueRefreshToken() {
      const token = `refresh-${settings.salt}-${++refreshIssued}`;
      refreshTokens.set(token, settings.now() + settings.refreshTokenLifetime * 1000);
      return token;
    },
    spendRefreshToken(token) {
      const expiresAt = refreshTokens.get(token);
      refreshTokens.delete(token);
      return expiresAt !== undefined && settings.now() < expiresAt;
    },
    check(token, audience) {
      const entry = live.get(token);
      if (!entry || settings.now() >= entry.expiresAt) return undefined;
      return entry.audience === audience || entry.audience === 'both' ? entry.number : undefined;
    },
    revoke: () => live.clear(),
    revokeRefreshTokens: () => refreshTokens.clear(),
  };
}

/** Returns a token with the length and characters of a Genesys token. */
function opaqueToken(salt: string, number: number): string {
  return Buffer.from(`${salt}:${String(number).padStart(12, '0')}:`.padEnd(64, salt)).toString('base64url');
}

/** Returns a JWT with a placeholder as signature. Clients only read its claims. */
export function unsignedJwt(claims: Record<string, unknown>): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'RS256', typ: 'JWT', kid: 'simulator' })}.${encode(claims)}.${'c2ltdWxhdG9y'}`;
}
