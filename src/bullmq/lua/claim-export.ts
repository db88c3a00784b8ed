/**
 * Makes an export known, or finds it.
 *
 * KEYS: the export. ARGV: its description; the run that has failed without a word in the export, or nothing.
 * @returns what it is (`new`, `joined`, `resumed`, `complete`, `other`) and its run; of another one, its description.
 */
export const CLAIM_EXPORT = /* lua */ `
local kept = redis.call('HMGET', KEYS[1], 'description', 'run', 'failure', 'summary')
if kept[1] and kept[1] ~= ARGV[1] then return { 'other', kept[1] } end
if kept[4] then return { 'complete', kept[2] } end
if kept[1] and not kept[3] and kept[2] ~= ARGV[2] then return { 'joined', kept[2] } end
local time = redis.call('TIME')
local run = string.format('%.0f', math.max(time[1] * 1000000 + time[2], (tonumber(kept[2]) or 0) + 1))
redis.call('HDEL', KEYS[1], 'failure')
redis.call('HSET', KEYS[1], 'description', ARGV[1], 'run', run)
return { kept[1] and 'resumed' or 'new', run }
`;
