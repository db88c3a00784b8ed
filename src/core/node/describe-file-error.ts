import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';

/**
 * Describes an error of the file system: the path, the cause and what to do.
 *
 * @param advice what to do for single errno codes, in place of the general advice.
 */
export function describeFileError(
  path: string,
  thrown: unknown,
  advice: Readonly<Record<string, string>> = {},
): string {
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code ?? '';
  const [cause, remedy] = describe(path, code) ?? [messageOf(thrown), undefined];
  const what = advice[code] ?? remedy;
  return `${path}: ${cause}${what === undefined ? '' : `. ${what}`}`;
}

/** The cause that an errno code stands for, and general advice. */
function describe(path: string, code: string): [cause: string, advice: string] | undefined {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return ['the disk is full', 'Free some space.'];
    case 'EFBIG':
      return [
        'the file is larger than the file system or the process limit allows',
        'Raise the limit (ulimit -f).',
      ];
    case 'EROFS':
      return ['the file system is read-only', 'Choose another directory.'];
    case 'EACCES':
    case 'EPERM':
      return ['permission denied', 'Check the owner and mode of the file and its directory.'];
    case 'ENOENT':
      return [`the directory ${dirname(path)} does not exist`, 'Create the directory or choose another.'];
    case 'ENOTDIR':
      return [`${dirname(path)} is not a directory`, 'Choose another directory.'];
    case 'EISDIR':
      return ['the path is a directory', 'Choose a file.'];
    case 'ELOOP':
    case 'EMLINK':
      return ['the path is a symbolic link', 'Remove the link.'];
    case 'ENXIO':
      return ['the path is a pipe or a device', 'Remove it.'];
    case 'EMFILE':
    case 'ENFILE':
      return ['too many files are open', 'Raise the limit (ulimit -n) or close some files.'];
    default:
      return undefined;
  }
}
