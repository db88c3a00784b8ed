export { type AuthRefreshAttachment, attachAuthRefresh } from './attach.ts';
export type { AuthRefreshOptions } from './attach-options.ts';
export type { AuthorizationHeader } from './authorization-header.ts';
export type { RetryOptions } from './retry.ts';
