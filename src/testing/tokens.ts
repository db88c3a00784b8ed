import type { Settings } from './options.ts';

/** Whose API a token opens. The tutorial's CXone form belongs to no real vendor, so its tokens open both. */
export type Audience = 'genesys' | 'cxone' | 'both';

/** The tokens of one simulator. */
export interface TokenStore {
  /** How many have been issued. */
  issued(): number;
  issue(audience: Audience, issuer: string): { accessToken: string; expiresIn: number };
  issueRefreshToken(): string;
  /** Spends a refresh token: each works once. False when it is unknown, spent or expired. */
  spendRefreshToken(token: string): boolean;
  /** The number of a live token, from 1; undefined when it is unknown, expired, revoked or for another API. */
  check(token: string, audience: Audience): number | undefined;
  /** Revokes every access token issued so far. */
  revoke(): void;
  /** Revokes every refresh token issued so far. */
  revokeRefreshTokens(): void;
}

const PRUNE_ABOVE = 1000;

/** Makes an empty store. */
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

/** A token of the length and alphabet of a Genesys one. */
function opaqueToken(salt: string, number: number): string {
  return Buffer.from(`${salt}:${String(number).padStart(12, '0')}:`.padEnd(64, salt)).toString('base64url');
}

/** A JWT whose signature is a placeholder: clients read its claims and must not trust it for more. */
export function unsignedJwt(claims: Record<string, unknown>): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'RS256', typ: 'JWT', kid: 'simulator' })}.${encode(claims)}.${'c2ltdWxhdG9y'}`;
}
