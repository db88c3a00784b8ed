export type { LockOptions, SharedTokenStore, StoredToken, TokenLock, TokenStore } from '../../core/index.ts';
export type { EncryptionKey, EncryptionOptions } from '../encryption.ts';
export { type FileStoreOptions, fileStore } from './file-store.ts';
