import { refuse } from '../../core/internal.ts';
import type { Environment } from '../../vendors/environment.ts';
import { readVariables } from '../../vendors/internal.ts';
import { REDIS_VARIABLES } from '../variables.ts';

/**
 * Returns the URL of a queue with the credentials of the environment. A password in an argument is refused, because every user
 * of the machine can see arguments.
 *
 * @throws ConfigurationError
 */
export function queueUrl(text: string, environment: Environment): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  refuse('--queue', [
    !/^rediss?:$/.test(url?.protocol ?? '') && 'give a URL such as redis://redis.internal:6379, or rediss://',
    (url?.password || [...(url?.searchParams.keys() ?? [])].some((name) => /passw/i.test(name))) &&
      `it holds a password, which every user of this machine sees: put it into ${REDIS_VARIABLES.password}, in the environment or in ` +
        'the file of --env, and change it',
  ]);
  if (!url) return text;
  const { username, password } = readVariables(environment, REDIS_VARIABLES);
  if (username) url.username = username;
  if (password) url.password = password;
  return url.href;
}
