/**
 * Releases the lock if the owner still holds it, and notifies waiting processes.
 *
 * KEYS: lock. ARGV: the owner; the channel. Ignores a missing permission to publish, because waiting processes also poll.
 */
export const RELEASE_LOCK = /* lua */ `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], 'released')
return 1
`;
