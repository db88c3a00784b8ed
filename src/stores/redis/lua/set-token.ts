/**
 * Stores a token, unless the stored token has the same or a greater fence, and notifies waiting processes.
 *
 * KEYS: token. ARGV: the fence; the value; the expiry in milliseconds, or '' for none; the channel. Replies 1, or 0 if refused.
 */
export const SET_TOKEN = /* lua */ `
local fence = tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') or 0
if fence >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
if ARGV[3] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
redis.pcall('PUBLISH', ARGV[4], 'stored')
return 1
`;
