export type {
  LockOptions,
  Rate,
  RateLimiter,
  SharedTokenStore,
  StoredToken,
  TokenLock,
  TokenStore,
} from '../../core/index.ts';
export type { EncryptionKey, EncryptionOptions } from '../encryption.ts';
export { type FileRateOptions, fileRate } from './file-rate.ts';
export { type FileStoreOptions, fileStore } from './file-store.ts';
