/**
 * Holds the lock for longer, unless it is another's by now, or nobody's.
 *
 * KEYS: lock. ARGV: who holds it; expiry in milliseconds. Replies 1, or 0 for a lock that is lost.
 */
export const RENEW_LOCK = /* lua */ `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;
