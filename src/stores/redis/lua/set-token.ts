/**
 * Keeps a token, unless one with the same or a greater fence is there, and wakes those who wait for one.
 *
 * KEYS: token. ARGV: fence; value; milliseconds to keep it for, or '' for ever; channel. Replies 1, or 0 when refused.
 */
export const SET_TOKEN = /* lua */ `
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') or 0
if fence >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
if ARGV[3] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
redis.pcall('PUBLISH', ARGV[4], 'stored')
return 1
`;
