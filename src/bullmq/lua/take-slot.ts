/**
 * Reserves when a request may go (GCRA: each one moves the time of the next by a gap), by the clock of Redis.
 *
 * KEYS: the limit. ARGV: the gap in microseconds.
 * @returns how long to wait, in microseconds.
 */
export const TAKE_SLOT = /* lua */ `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local slot = math.max(tonumber(redis.call('GET', KEYS[1])) or 0, now)
local next = slot + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', string.format('%.0f', math.ceil((next - now) / 1000) + 1000))
return slot - now
`;
