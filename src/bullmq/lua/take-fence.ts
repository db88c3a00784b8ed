/**
 * Takes a part, or the merge, from whoever had it: what that one saves from here on is refused. The fence is the time, or
 * more than the one before, so that it grows also when Redis has lost everything.
 *
 * KEYS: the part, the export. ARGV: the run of the export that it is taken for.
 * @returns `taken` and the fence; else why not: `superseded`, `complete`, `failed`.
 */
export const TAKE_FENCE = /* lua */ `
local export = redis.call('HMGET', KEYS[2], 'run', 'failure', 'summary')
if export[1] ~= ARGV[1] then return { 'superseded' } end
if export[3] then return { 'complete' } end
if export[2] then return { 'failed' } end
local time = redis.call('TIME')
local before = tonumber(redis.call('HGET', KEYS[1], 'fence')) or 0
local fence = string.format('%.0f', math.max(time[1] * 1000000 + time[2], before + 1))
redis.call('HSET', KEYS[1], 'fence', fence)
return { 'taken', fence }
`;
