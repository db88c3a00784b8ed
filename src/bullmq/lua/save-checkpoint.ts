/**
 * Saves a checkpoint of a part, if nobody has taken the part since.
 *
 * KEYS: the part. ARGV: the fence, the checkpoint.
 * @returns 1, or 0 when it was refused.
 */
export const SAVE_CHECKPOINT = /* lua */ `
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'checkpoint', ARGV[2])
return 1
`;
