/**
 * Extends the expiry of the lock if the owner still holds it.
 *
 * KEYS: lock. ARGV: the owner; the expiry in milliseconds. Replies 1, or 0 for a lost lock.
 */
export const RENEW_LOCK = /* lua */ `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;
