// No imports: the entry of the command needs this file if it cannot open other files.

export const OUT_OF_DESCRIPTORS =
  'too many files and connections are open: raise the limit, such as with ulimit -n 1024, or close other programs';

/** Returns whether an error, or its cause, says that the process or the system has too many open files and connections. */
export function isOutOfDescriptors(error: unknown): boolean {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown };
  return code === 'EMFILE' || code === 'ENFILE' || (cause !== undefined && isOutOfDescriptors(cause));
}
