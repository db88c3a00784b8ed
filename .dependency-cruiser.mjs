import { ROOMS } from './scripts/rooms.mjs';

// Rooms that bring Node or an optional peer have a door of their own, so that no browser entry loads them.
const SUB_ROOMS = ['core/node', 'stores/file', 'stores/redis'];

// Every vendor is a door, because no application needs all of them.
const DOOR = '/(index|internal)\\.ts$|^src/vendors/(?!hosts\\.ts)[^/]+$';

const direction = Object.entries(ROOMS).map(([room, below]) => ({
  name: `direction-of-${room}`,
  comment: `src/${room} may import ${below.length > 0 ? below.join(', ') : 'no other room'}.`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...below].join('|')})/` },
}));

const doors = [...Object.keys(ROOMS), ...SUB_ROOMS].map((room) => ({
  name: `door-of-${room.replace('/', '-')}`,
  comment: `Import src/${room} through its index.ts or internal.ts.`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${room}/` },
  to: { path: `^src/${room}/`, pathNot: DOOR },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...direction,
    ...doors,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-loose-files',
      comment: 'src/ holds index.ts and rooms.',
      severity: 'error',
      from: { path: '^src/[^/]+$', pathNot: '^src/index\\.ts$' },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
