export type { LockOptions, SharedTokenStore, StoredToken, TokenLock, TokenStore } from '../../core/index.ts';
export type { EncryptionKey, EncryptionOptions } from '../encryption.ts';
export type { IoredisClient, NodeRedisClient, RedisClient } from './client.ts';
export { type RedisStoreOptions, redisStore } from './redis-store.ts';
