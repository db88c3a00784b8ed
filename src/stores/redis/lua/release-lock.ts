/**
 * Frees the lock, unless it is another's by now, and wakes those who wait for it.
 *
 * KEYS: lock. ARGV: who holds it; channel. Who may not publish wakes nobody, and they look by themselves.
 */
export const RELEASE_LOCK = /* lua */ `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], 'released')
return 1
`;
