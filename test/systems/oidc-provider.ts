import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
// @ts-expect-error the package ships no types
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';
import { type Certificate, selfSigned } from '../support/certificate.ts';
import type { ClientKey } from './private-key-jwt.ts';

interface Context {
  socket: TLSSocket;
}

/** The part of oidc-provider that the tests use. */
interface OidcProvider {
  callback(): (...args: unknown[]) => void;
  ClientCredentials: { find(value: string): Promise<object | undefined> };
}

/** A server over TLS, with a client for `private_key_jwt` and one for `tls_client_auth` (RFC 8705). */
export interface TlsOidcServer {
  tokenEndpoint: string;
  certificate: Certificate;
  clientCertificate: Certificate;
  isValid(accessToken: string): Promise<boolean>;
}

export async function startTlsOidcServer(clientKey: ClientKey): Promise<TlsOidcServer> {
  const certificate = selfSigned();
  const clientCertificate = selfSigned();
  let handle: (...args: unknown[]) => void = () => {};
  const server = createServer(
    { ...certificate, ca: [clientCertificate.cert], requestCert: true, rejectUnauthorized: false },
    (request, response) => handle(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
  const provider: OidcProvider = new Provider(issuer, {
    clients: [
      {
        ...client,
        client_id: 'jwt-client',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'RS256',
        jwks: { keys: [clientKey.jwk] },
      },
      {
        ...client,
        client_id: 'tls-client',
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=localhost',
      },
    ],
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth'],
    scopes: ['reports'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        getCertificate: ({ socket }: Context) => socket.getPeerX509Certificate(),
        certificateAuthorized: ({ socket }: Context) => socket.authorized,
        certificateSubjectMatches: ({ socket }: Context, property: string, expected: string) =>
          property === 'tls_client_auth_subject_dn' && socket.getPeerX509Certificate()?.subject === expected,
      },
    },
    ttl: { ClientCredentials: 3600 },
  });
  handle = provider.callback();
  return {
    tokenEndpoint: `${issuer}/token`,
    certificate,
    clientCertificate,
    isValid: async (accessToken) => (await provider.ClientCredentials.find(accessToken)) !== undefined,
  };
}
