/**
 * Stores a token in place of the token that the caller has read, and notifies waiting processes.
 *
 * KEYS: token. ARGV: the fence; the value; the expiry in milliseconds, or '' for none; the channel; the fence of the token that the caller
 * has read, or '' for none. Replies 1, or 0 if another token is stored by now.
 */
export const SET_TOKEN = /* lua */ `
if (redis.call('HGET', KEYS[1], 'fence') or '') ~= ARGV[5] then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
if ARGV[3] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
redis.pcall('PUBLISH', ARGV[4], 'stored')
return 1
`;
