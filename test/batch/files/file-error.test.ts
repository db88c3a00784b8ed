import { describe, expect, it } from 'vitest';
import { BatchError } from '../../../src/batch/errors.ts';
import { fileError } from '../../../src/batch/files/file-error.ts';

describe('fileError', () => {
  it.each([
    ['ENOSPC', /the disk is full.*resume from the checkpoint/],
    ['EDQUOT', /the disk is full/],
    ['ENOENT', /the directory \/some\/where does not exist/],
    ['ENOTDIR', /\/some\/where is not a directory/],
    ['EROFS', /read-only/],
    ['EACCES', /permission denied/],
    ['EPERM', /permission denied/],
    ['EISDIR', /the path is a directory/],
    ['EFBIG', /larger than/],
    ['EIO', /system message/],
  ])('%s becomes a message with advice, and keeps the error of the system as cause', (code, message) => {
    const thrown = Object.assign(new Error('system message'), { code });
    const error = fileError('/some/where/out', thrown);
    expect(error).toMatchObject({ code: 'ERR_OUTPUT', resumable: true, cause: thrown });
    expect(error.message).toMatch(/^\/some\/where\/out: /);
    expect(error.message).toMatch(message);
  });

  it('returns a BatchError unchanged', () => {
    const error = new BatchError('x', 'ERR_LOCKED');
    expect(fileError('/some/where', error)).toBe(error);
  });
});
