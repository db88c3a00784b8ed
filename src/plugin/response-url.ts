import type { AxiosRequestConfig } from 'axios';

type Env = NonNullable<AxiosRequestConfig['env']>;
type Fetch = NonNullable<Env['fetch']>;

/**
 * Makes what axios's fetch adapter is built from say on the Request where its answer came from, as XMLHttpRequest does
 * with `responseURL`: after a redirect to elsewhere a 401 is no answer to the token. axios before 1.12 does not ask.
 */
export function createWatchedEnv(): (env: Env | undefined) => Env {
  // One wrapper for each fetch: axios keeps what it builds from it for ever.
  const wrappers = new WeakMap<Fetch, Fetch>();
  // Found at the call: an application may replace it late.
  const globalFetch: Fetch = (input, init) => globalThis.fetch(input, init);

  function watch(base: Fetch): Fetch {
    let wrapper = wrappers.get(base);
    if (!wrapper) {
      wrapper = async (input, init) => {
        const response = await base(input, init);
        if (typeof input === 'object') {
          Object.defineProperty(input, 'responseURL', { value: response.url, configurable: true });
        }
        return response;
      };
      wrappers.set(base, wrapper);
    }
    return wrapper;
  }

  return (env) => ({ ...env, fetch: watch(env?.fetch ?? globalFetch) });
}
