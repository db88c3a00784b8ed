/**
 * Tries to acquire the lock in one round trip.
 *
 * KEYS: lock, token. ARGV: the owner; the expiry in milliseconds; a holder that is known to be dead, or ''; the fence of the token
 * that the owner knows, or '' for none.
 *
 * Replies with `acquired`, the fence of the lock, and the fence and value of the stored token; with `stored`, the fence and the value of a newer token; or with `held`, the holder, the
 * remaining milliseconds, and the fence and value of the stored token.
 *
 * A fence is the time in microseconds, and greater than the previous fence, so that it also grows after Redis was flushed. Fences
 * are formatted because Lua writes large numbers with 14 digits only.
 */
export const ACQUIRE_LOCK = /* lua */ `
local holder = redis.call('GET', KEYS[1])
local stored = redis.call('HMGET', KEYS[2], 'fence', 'value', 'last')
local fence = tonumber(stored[1] or '0') or 0
local value = stored[2] or ''

if ARGV[4] ~= '' and fence > tonumber(ARGV[4]) then
  return {'stored', stored[1], value}
end
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then
  return {'held', holder, redis.call('PTTL', KEYS[1]), stored[1] or '', value}
end

local last = math.max(fence, tonumber(stored[3] or '0') or 0)
local time = redis.call('TIME')
local own = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), last + 1)
local text = string.format('%.0f', own)

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('HSET', KEYS[2], 'last', text)
if not stored[1] then redis.call('PEXPIRE', KEYS[2], 86400000) end
return {'acquired', text, stored[1] or '', value}
`;
