import { describe, expect, it } from 'vitest';
import { vendorFromEnvironment, vendorFromEnvUrl } from '../../src/vendors/environment.ts';

const credentials = { clientId: 'id', clientSecret: 'secret' };

describe('vendorFromEnvUrl', () => {
  it.each([
    ['https://api.mypurecloud.com', 'Genesys Cloud'],
    ['https://api.usw2.pure.cloud', 'Genesys Cloud'],
    ['https://api-na1.niceincontact.com', 'NICE CXone'],
    ['https://api.nice-incontact.com', 'NICE CXone'],
    ['https://na1.nicecxone.com', 'NICE CXone'],
    // The tutorial matches any part of the URL; here only the end of the host name counts.
    ['https://niceincontact.com.example.com', 'Genesys Cloud'],
    ['https://example.com/nicecxone.com', 'Genesys Cloud'],
    ['https://notnicecxone.com', 'Genesys Cloud'],
  ])('matches %s to %s', (envUrl, name) => {
    expect(vendorFromEnvUrl(envUrl, credentials).name).toBe(name);
  });

  it('reports an invalid URL', () => {
    expect(() => vendorFromEnvUrl('api.mypurecloud.com', credentials)).toThrow(
      'genesysCloud: envUrl: "api.mypurecloud.com" is not a URL.',
    );
  });
});

describe('vendorFromEnvironment', () => {
  it('reads the variables of the tutorial', () => {
    const vendor = vendorFromEnvironment({
      GENESYS_ENV_URL: 'https://api.mypurecloud.de',
      GENESYS_CLIENT_ID: 'id',
      GENESYS_CLIENT_SECRET: 'secret',
      GENESYS_SCOPE: 'analytics:conversation:read',
    });
    expect(vendor.resourceOrigins).toEqual(['https://api.mypurecloud.de']);
    expect(vendor.tokenKey).toContain('analytics:conversation:read');
  });

  it('reads a Genesys Cloud region, and NICE CXone with envUrl or access keys', () => {
    const genesys = {
      GENESYS_CLIENT_ID: 'id',
      GENESYS_CLIENT_SECRET: 'secret',
      GENESYS_REGION: 'eu-central-1',
    };
    expect(vendorFromEnvironment(genesys).resourceOrigins).toEqual(['https://api.mypurecloud.de']);
    const cxone = {
      CXONE_CLIENT_ID: 'id',
      CXONE_CLIENT_SECRET: 'secret',
      CXONE_ENV_URL: 'https://na1.nicecxone.com',
    };
    expect(vendorFromEnvironment(cxone).apiBaseUrl).toBe('https://na1.nicecxone.com');
    const keys = {
      ...cxone,
      CXONE_ENV_URL: '',
      CXONE_ACCESS_KEY_ID: 'a====',
      CXONE_ACCESS_KEY_SECRET: 'b====',
    };
    expect(vendorFromEnvironment(keys).announcesApi).toBe(true);
  });

  it.each([
    [{}, 'no credentials are set'],
    [{ GENESYS_CLIENT_ID: 'a', CXONE_CLIENT_ID: 'b' }, 'both GENESYS_ and CXONE_ variables are set'],
    [
      { GENESYS_CLIENT_ID: 'a' },
      'environment variables: GENESYS_CLIENT_SECRET is missing; GENESYS_REGION or GENESYS_ENV_URL is missing.',
    ],
    [
      { CXONE_CLIENT_ID: 'a', CXONE_CLIENT_SECRET: 'b' },
      'set either accessKeyId and accessKeySecret, or envUrl',
    ],
  ])('lists every problem of %o', (environment, message) => {
    expect(() => vendorFromEnvironment(environment)).toThrow(message);
  });
});
