import { parseUrl, refuse } from '../../core/internal.ts';
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
  const url = parseUrl(text);
  refuse('--queue', [
    !/^rediss?:$/.test(url?.protocol ?? '') &&
      'must be a redis:// or rediss:// URL, such as redis://redis.internal:6379',
    (url?.password || [...(url?.searchParams.keys() ?? [])].some((name) => /passw/i.test(name))) &&
      'the URL contains a password, which every user of this machine can see: change the password, and set ' +
        `${REDIS_VARIABLES.password} in the environment or in a file named by --env`,
    ...secretProblems(environment, REDIS_VARIABLES),
  ]);
  if (!url) return text;
  const { username, password } = readVariables(environment, REDIS_VARIABLES);
  if (username) url.username = username;
  if (password) url.password = typeof password === 'string' ? password : await password();
  return url.href;
}
