import { genesysConversations, type Json } from '../../src/batch/index.ts';

/** Returns a source of conversations for a worker whose parts begin only once it is opened, and the function that opens it. */
export function gatedSource(options: { pageSize?: number } = {}) {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const source = async (part: Json) => {
    await gate;
    return genesysConversations({ ...options, interval: String(part) });
  };
  return { source, open };
}
