/**
 * Takes the lock, or says why not, in one round trip.
 *
 * KEYS: lock, token. ARGV: who takes it; expiry in milliseconds; a holder that is known to be dead, or ''; the fence of
 * the token that is known already, or '' for whatever is there.
 *
 * Replies `taken` and the fence; `stored`, its fence and value, when a newer token is there; or `held`, by whom, for how
 * many milliseconds more, and the fence and value of the token that is there.
 *
 * A fence is the time in microseconds, and more than the one before: it goes on also when all is flushed.
 * Numbers are formatted, as Lua writes large ones with 14 digits.
 */
export const TAKE_LOCK = /* lua */ `
local holder = redis.call('GET', KEYS[1])
local kept = redis.call('HMGET', KEYS[2], 'fence', 'value', 'last')
local fence = tonumber(kept[1] or '0') or 0
local value = kept[2] or ''

if ARGV[4] ~= '' and fence > tonumber(ARGV[4]) then
  return {'stored', kept[1], value}
end
if holder and holder ~= ARGV[1] and holder ~= ARGV[3] then
  return {'held', holder, redis.call('PTTL', KEYS[1]), kept[1] or '', value}
end

local last = math.max(fence, tonumber(kept[3] or '0') or 0)
local time = redis.call('TIME')
local own = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), last + 1)
local text = string.format('%.0f', own)

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('HSET', KEYS[2], 'last', text)
if not kept[1] then redis.call('PEXPIRE', KEYS[2], 86400000) end
return {'taken', text}
`;
