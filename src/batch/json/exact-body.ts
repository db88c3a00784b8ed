import type { AxiosRequestConfig, AxiosRequestTransformer } from 'axios';
import { isTransformOfAxios } from './axios-transform.ts';
import { ExactNumberError } from './exact-number.ts';
import { toJson } from './to-json.ts';

/**
 * Returns a request whose JSON body keeps the digits of each `ExactNumber`. Other transforms of the body stay as they are.
 *
 * @param defaults of the instance.
 */
export function withExactBody(config: AxiosRequestConfig, defaults: AxiosRequestConfig): AxiosRequestConfig {
  const transforms = [config.transformRequest ?? defaults.transformRequest ?? []].flat();
  return { ...config, transformRequest: transforms.map(exactly) };
}

function exactly(transform: AxiosRequestTransformer): AxiosRequestTransformer {
  if (!isTransformOfAxios(transform)) return transform;
  return function (data: unknown, headers) {
    try {
      return transform.call(this, data, headers);
    } catch (error) {
      // Axios calls JSON.stringify, after it has set the content type of JSON.
      if (!(error instanceof ExactNumberError)) throw error;
      return toJson(data);
    }
  };
}
