import type { AxiosRequestConfig } from 'axios';

type Env = NonNullable<AxiosRequestConfig['env']>;
type Fetch = NonNullable<Env['fetch']>;

/**
 * Creates an `env` for the fetch adapter of axios that sets `responseURL` on the Request, as XMLHttpRequest does: after a redirect to
 * another origin, a 401 says nothing about the token. After a refusal it also sets `res`, as Node's `http` does, because axios throws an
 * error without the response if the body cannot be read. axios before 1.12 ignores `env`.
 */
export function createWatchedEnv(): (env: Env | undefined) => Env {
  // One wrapper for each fetch, because axios never releases the adapter that it builds for a fetch.
  const wrappers = new WeakMap<Fetch, Fetch>();
  // Looked up for each call, because an application may replace it late.
  const globalFetch: Fetch = (input, init) => globalThis.fetch(input, init);

  function watch(base: Fetch): Fetch {
    let wrapper = wrappers.get(base);
    if (!wrapper) {
      wrapper = async (input, init) => {
        const response = await base(input, init);
        if (typeof input === 'object') {
          Object.defineProperty(input, 'responseURL', { value: response.url, configurable: true });
          if (response.status >= 400) {
            const res = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
            Object.defineProperty(input, 'res', { value: res, configurable: true });
          }
        }
        return response;
      };
      wrappers.set(base, wrapper);
    }
    return wrapper;
  }

  return (env) => ({ ...env, fetch: watch(env?.fetch ?? globalFetch) });
}
