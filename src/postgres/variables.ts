import { ConfigurationError } from '../core/index.ts';

/** Variables of libpq that become parameters of a URL. */
const PARAMETERS: Readonly<Record<string, string>> = {
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGOPTIONS: 'options',
  PGAPPNAME: 'application_name',
};

/**
 * Adds the variables of libpq to a URL that `urlProblem` accepts. `pg` reads only some of the variables, and only those of the process.
 *
 * @throws ConfigurationError
 */
export function withVariables(text: string, environment: NodeJS.ProcessEnv): string {
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSERVICE } = environment;
  const url = new URL(text);
  const { searchParams: parameters } = url;
  if (url.hostname === '') {
    if (PGSERVICE && !PGHOST && !parameters.has('host'))
      throw refused('PGSERVICE is not supported: name the host in the URL or in PGHOST');
    const isSocket = PGHOST?.startsWith('/');
    // In a URL, the address of IPv6 has brackets.
    url.hostname = isSocket || !PGHOST ? 'localhost' : PGHOST.includes(':') ? `[${PGHOST}]` : PGHOST;
    if (url.hostname === '') throw refused(`PGHOST is not a host: ${JSON.stringify(PGHOST)}`);
    if (isSocket && !parameters.has('host')) parameters.set('host', PGHOST ?? '');
  }
  if (url.port === '' && PGPORT && !parameters.has('port')) {
    if (!/^\d{1,5}$/.test(PGPORT)) throw refused(`PGPORT is not a port: ${JSON.stringify(PGPORT)}`);
    url.port = PGPORT;
  }
  if (url.username === '' && PGUSER && !parameters.has('user')) url.username = encodeURIComponent(PGUSER);
  if (url.password === '' && PGPASSWORD) url.password = encodeURIComponent(PGPASSWORD);
  if (/^\/?$/.test(url.pathname) && PGDATABASE) url.pathname = `/${encodeURIComponent(PGDATABASE)}`;
  for (const [variable, parameter] of Object.entries(PARAMETERS)) {
    const value = environment[variable];
    if (value && !parameters.has(parameter)) parameters.set(parameter, value);
  }
  // The certificates of the system are the default of Node.
  if (parameters.get('sslrootcert') === 'system') parameters.delete('sslrootcert');
  // `pg` 8 treats these modes as `verify-full` and prints a warning. A later version will not check certificates.
  if (
    /^(allow|prefer|require|verify-ca)$/.test(parameters.get('sslmode') ?? '') &&
    !parameters.has('uselibpqcompat')
  )
    parameters.set('sslmode', 'verify-full');
  return url.href;
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError('Postgres', [problem]);
}
