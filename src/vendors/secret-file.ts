import { refuse } from '../core/internal.ts';

/**
 * Returns a secret that is read from a file for every token fetch, so that you can replace the file without a restart. Line ends
 * at the end of the file do not belong to the secret. Requires Node, Bun or Deno.
 *
 * @param path of a file in UTF-8, such as `/run/secrets/client-secret`.
 * @param source names the origin of the path in messages.
 * @example
 * oauth2Vendor({ tokenEndpoint, clientId, clientSecret: secretFile('/run/secrets/client-secret') })
 */
export function secretFile(path: string, source = 'secretFile'): () => Promise<string> {
  return async () => {
    let secret = '';
    let problem = 'is empty';
    try {
      // This entry also runs in browsers: no bundler must resolve the module. Jest cannot import it.
      const { readFile } =
        process.getBuiltinModule?.('node:fs/promises') ??
        (await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:fs/promises'));
      secret = (await readFile(path, 'utf8')).replace(/^\ufeff|[\r\n]+$/g, '');
    } catch (error) {
      problem = `cannot be read (${(error as { code?: string }).code ?? 'unknown reason'})`;
    }
    refuse(source, [secret === '' && `the file ${JSON.stringify(path)} ${problem}`]);
    return secret;
  };
}
