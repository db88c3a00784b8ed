// Error codes and messages of Node, axios and fetch for an incomplete response.
const CUT_SHORT = [
  'ECONNRESET',
  'Z_BUF_ERROR',
  'stream has been aborted',
  'maxContentLength size of -1 exceeded',
  'terminated',
];

/** Returns whether an error of axios means that the connection ended before the response was complete. */
export function isIncomplete({
  code = '',
  message,
}: {
  code?: string | undefined;
  message: string;
}): boolean {
  return CUT_SHORT.includes(code) || CUT_SHORT.includes(message);
}
