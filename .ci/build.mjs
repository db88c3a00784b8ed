import { build } from 'tsdown';

// The command of tsdown warns about Node 20 at each run; its API does not.
await build({ logLevel: 'warn' });
