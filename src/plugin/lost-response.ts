import type { AxiosError, AxiosResponse, InternalAxiosRequestConfig } from 'axios';

/**
 * Returns the response that an error of axios lacks, without its body: axios drops the response if reading the body fails, for example
 * beyond `maxContentLength`.
 */
export function lostResponse(thrown: unknown, config: InternalAxiosRequestConfig): AxiosResponse | undefined {
  const { request, code } = (thrown ?? {}) as Partial<AxiosError>;
  const { statusCode: status, headers } = request?.res ?? request?._currentRequest?.res ?? {};
  if (!status || code === 'ERR_CANCELED') return undefined;
  return { status, headers, statusText: '', data: undefined, config, request };
}
