/**
 * Notes in an export what has become of it, if nobody has taken the part or the merge since, and it was not submitted again.
 *
 * KEYS: the export, the part. ARGV: the fence, the run, the name of the note, the note, after how many seconds the export
 * is forgotten (0: never).
 * @returns 1, or 0 when it was refused.
 */
export const NOTE_RESULT = /* lua */ `
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
if ARGV[5] ~= '0' then
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
return 1
`;
