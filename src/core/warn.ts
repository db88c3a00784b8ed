const WARNED = Symbol.for('axios-oauth-refresh.warned');

/** Emits a process warning. Has no effect in a browser. */
export function warn(text: string): void {
  globalThis.process?.emitWarning?.(text, 'AuthRefreshWarning');
}

/** Emits a process warning unless this process has already emitted the same text. */
export function warnOnce(text: string): void {
  // On the global object, because an application can load several copies of this package.
  const realm = globalThis as { [WARNED]?: Set<string> };
  realm[WARNED] ??= new Set();
  if (realm[WARNED].has(text)) return;
  realm[WARNED].add(text);
  warn(text);
}
