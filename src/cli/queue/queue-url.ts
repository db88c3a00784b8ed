import { parseRedisUrl, refuse } from '../../core/internal.ts';
import type { Environment } from '../../vendors/environment.ts';
import { readVariables, secretProblems } from '../../vendors/internal.ts';
import { REDIS_VARIABLES } from '../variables.ts';

/**
 * Returns the URL of a queue with the credentials from the environment.
 *
 * @throws ConfigurationError if the URL contains a password, because every user of the machine can see arguments; if the file with
 * the password cannot be read.
 */
export async function queueUrl(text: string, environment: Environment): Promise<string> {
  const target = parseRedisUrl(text);
  refuse('--queue', [
    'problem' in target && target.problem,
    // The text and not the parsed URL, because an invalid URL can contain a password too.
    /:\/\/.*:.*@|[?&][^=]*passw/is.test(text) &&
      'the URL contains a password, which every user of this machine can see: change the password, and set ' +
        `${REDIS_VARIABLES.password} (for Sentinel: ${REDIS_VARIABLES.sentinelPassword}) in the environment or in a file named by --env`,
    ...secretProblems(environment, REDIS_VARIABLES),
  ]);
  if ('problem' in target) return text;
  const { username, password, sentinelPassword } = readVariables(environment, REDIS_VARIABLES);
  const user = encodeURIComponent(username ?? target.options.username ?? '');
  const secret = password && `:${encodeURIComponent(await read(password))}`;
  const userInfo = user || secret ? `${user}${secret ?? ''}@` : '';
  const url = text.replace(/:\/\/([^/?#]*@)?/, () => `://${userInfo}`);
  if (!target.options.sentinels || !sentinelPassword) return url;
  const value = encodeURIComponent(await read(sentinelPassword));
  return `${url}${url.includes('?') ? '&' : '?'}sentinelPassword=${value}`;
}

async function read(secret: string | (() => string | Promise<string>)): Promise<string> {
  return typeof secret === 'string' ? secret : secret();
}
