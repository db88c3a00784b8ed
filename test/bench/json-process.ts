import { json } from './json.ts';

await json(101);
