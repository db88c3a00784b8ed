import type { AxiosRequestConfig, AxiosResponseTransformer } from 'axios';
import { isTransformOfAxios } from './axios-transform.ts';
import { mayHaveExactNumber } from './number-scan.ts';
import { parseEachNumber } from './parse-exact.ts';

/**
 * Returns a request whose JSON response is parsed as `parseExact` does. Other transforms of the response stay as they are. If an
 * instance parses JSON in its own way, nothing changes.
 *
 * @param defaults of the instance.
 */
export function withExactNumbers(
  config: AxiosRequestConfig,
  defaults: AxiosRequestConfig,
): AxiosRequestConfig {
  const transforms = [config.transformResponse ?? defaults.transformResponse ?? []].flat();
  return { ...config, transformResponse: transforms.map(exactly) };
}

function exactly(transform: AxiosResponseTransformer): AxiosResponseTransformer {
  if (!isTransformOfAxios(transform)) return transform;
  return function (data: unknown, ...context) {
    const parsed: unknown = transform.call(this, data, ...context);
    // Axios decides whether the body is JSON: by `responseType`, and a text that is not JSON stays a text.
    if (typeof data !== 'string' || parsed === data || hasReviver(this)) return parsed;
    return mayHaveExactNumber(data) ? parseEachNumber(data) : parsed;
  };
}

/** Newer versions of axios have a reviver for JSON, which can keep digits in its own way. */
function hasReviver(config: object): boolean {
  return 'parseReviver' in config && config.parseReviver !== undefined;
}
