import axios from 'axios';
import { describe, expect, it } from 'vitest';
import { attachAuthRefresh } from '../../src/plugin/attach.ts';
import { genesysCloud } from '../../src/vendors/genesys-cloud.ts';
import { CLIENT_SECRET, startFixture } from '../support/fixture.ts';
import { sendJson } from '../support/server.ts';

const QUERY = 'analytics/conversations/details/query';

describe('an analytics query of Genesys Cloud that is answered with 503', () => {
  it.each<[baseURL: string | undefined, url: string, envPath: string, isRetried: boolean]>([
    ['', `/api/v2/${QUERY}`, '', true],
    ['/', `api/v2/${QUERY}`, '', true],
    ['/api/v2', `/${QUERY}`, '', true],
    ['/api/v2', QUERY, '', true],
    ['/api/v2/', `/${QUERY}`, '', true],
    ['/api/v2/', `${QUERY}/?x=1`, '', true],
    ['/api/v2', `${QUERY}?x=/y#z`, '', true],
    ['/api/v2/analytics', '/users/details/query', '', true],
    ['/gateway/genesys/api/v2', QUERY, '', true],
    [`/api/v2/${QUERY}`, '', '', true],
    [undefined, `/api/v2/${QUERY}`, '', true],
    [undefined, QUERY, '/api/v2', true],
    ['/api/v2', 'analytics/../conversations/query', '', false],
    ['/api/v2', 'conversations/messages', '', false],
    ['/api/v2', `users?next=/api/v2/${QUERY}`, '', false],
    ['', QUERY, '', false],
  ])(
    'at baseURL %s and url %s with the API at "%s" is retried: %s',
    async (path, url, envPath, isRetried) => {
      const fixture = await startFixture();
      let sends = 0;
      fixture.beforeApi = ({ url: sent }, response) => {
        if (sent.endsWith('/oauth/token')) fixture.issue(response);
        else sendJson(response, ++sends === 1 ? 503 : 200, {});
        return true;
      };
      const api = axios.create({ ...(path !== undefined && { baseURL: fixture.url + path }), proxy: false });
      const envUrl = fixture.url + envPath;
      const vendor = genesysCloud({ envUrl, clientId: 'client', clientSecret: CLIENT_SECRET });
      attachAuthRefresh(api, { vendor, retry: { baseDelay: 1 } });
      const { status } = await api.post(url, { interval: 'x' }).catch((error) => error);
      expect(status).toBe(isRetried ? 200 : 503);
    },
  );
});
