import { BatchError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json/json-object.ts';
import { CONVERSATION, type ColumnType, PARTICIPANT, SEGMENT, SESSION } from './genesys-columns.ts';

/** The part of a conversation that becomes a row. */
export const ROW_LEVELS = ['participants', 'sessions', 'segments'] as const;
export type RowLevel = (typeof ROW_LEVELS)[number];

/** A column with a type. */
interface TypedColumn {
  /** The name in the API, such as `conversationStart`. */
  readonly name: string;
  readonly type: ColumnType;
}

/** How records become rows of a table. */
export interface RowModel {
  /** In the documented order. */
  readonly columns: readonly TypedColumn[];
  /** The columns that identify the record. All rows of a record have the same values. */
  readonly recordKey: readonly string[];
  /** The columns that identify a row: `recordKey` and ordinals. */
  readonly rowKey: readonly string[];
  /**
   * Returns the rows of a record, at least one. A row has all columns as members, undefined for a missing value. Members of the record
   * that the model does not know follow: under their names, or as `conversation.NAME`, `participant.NAME` or `session.NAME` if they
   * belong to a parent of the row.
   *
   * @throws BatchError `ERR_RECORD` if the record is not a conversation.
   */
  rowsOf(record: JsonObject): readonly JsonObject[];
}

type Entry = [name: string, value: unknown];

/** A conversation, a participant, a session or a segment. */
interface Level {
  readonly name: string;
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly id?: string;
  readonly ordinal?: string;
  /** Members that the rows of lower levels repeat. */
  readonly repeated: readonly string[];
  /** Member with the list of the next level. */
  readonly list?: RowLevel;
}

const LEVELS: readonly Level[] = [
  {
    name: 'conversation',
    types: CONVERSATION,
    id: 'conversationId',
    repeated: ['conversationStart', 'conversationEnd', 'originatingDirection'],
    list: 'participants',
  },
  {
    name: 'participant',
    types: PARTICIPANT,
    id: 'participantId',
    ordinal: 'participantOrdinal',
    repeated: ['purpose', 'userId'],
    list: 'sessions',
  },
  {
    name: 'session',
    types: SESSION,
    id: 'sessionId',
    ordinal: 'sessionOrdinal',
    repeated: ['mediaType', 'direction'],
    list: 'segments',
  },
  { name: 'segment', types: SEGMENT, ordinal: 'segmentOrdinal', repeated: [] },
];

/**
 * Returns how conversations of Genesys Cloud become rows.
 *
 * The columns are the ids and ordinals of the row and its parents, some members of the parents, and all members of the row itself.
 * Ordinals count from 1 in the order of the API. A conversation without participants, sessions or segments has one row whose ordinals are 0.
 *
 * @param level undefined: one row per conversation.
 * @param allParents makes all members of the parents columns, for a choice of columns.
 */
export function conversationRows(
  level?: RowLevel,
  { allParents = false }: { allParents?: boolean } = {},
): RowModel {
  const depth = level === undefined ? 0 : ROW_LEVELS.indexOf(level) + 1;
  const levels = LEVELS.slice(0, depth + 1);
  const columns = columnsOf(levels, allParents);
  const names = columns.map(({ name }) => name);
  const known = new Set(names);
  // Copying an object is several times faster than making it of entries.
  const blank = Object.fromEntries(names.map((name) => [name, undefined]));
  const noRows = levels.flatMap(({ ordinal }) => (ordinal === undefined ? [] : [[ordinal, 0] as Entry]));

  /** Returns the members of a level: known members, then others under names that no column has. */
  function membersOf({ name, types }: Level, item: JsonObject, isParent: boolean): Entry[] {
    return Object.entries(item).flatMap(([member, value]): Entry[] => {
      if (Object.hasOwn(types, member)) return known.has(member) ? [[member, value]] : [];
      return [[isParent || known.has(member) ? `${name}.${member}` : member, value]];
    });
  }

  /** Returns the members of all rows below an item. */
  function entriesOf(at: number, item: JsonObject, parents: readonly Entry[], id: string): Entry[][] {
    const level = levels[at];
    if (!level) return [];
    const own = [...parents, ...membersOf(level, item, at < depth)];
    const list = at < depth ? level.list : undefined;
    if (list === undefined) return [own];
    return listOf(item[list], list, id).flatMap((child, index) =>
      entriesOf(at + 1, child, [...own, [levels[at + 1]?.ordinal ?? '', index + 1]], id),
    );
  }

  function rowOf(entries: readonly Entry[]): JsonObject {
    const row: Record<string, unknown> = { ...blank };
    for (const [name, value] of entries) {
      if (name !== '__proto__') row[name] = value;
      // An assignment would change the prototype.
      else Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return row;
  }

  return {
    columns,
    recordKey: ['conversationId'],
    rowKey: ['conversationId', ...noRows.map(([name]) => name)],
    rowsOf(record) {
      const { conversationId: id } = record;
      if (typeof id !== 'string') {
        throw new BatchError(
          'a record has no conversationId: only conversations of Genesys Cloud can be written as rows (--rows).',
          'ERR_RECORD',
          { resumable: false },
        );
      }
      const [conversation] = LEVELS as [Level];
      const rows = entriesOf(0, record, [], id);
      if (rows.length === 0) rows.push([...membersOf(conversation, record, true), ...noRows]);
      return rows.map(rowOf);
    },
  };
}

function columnsOf(levels: readonly Level[], allParents: boolean): TypedColumn[] {
  const keys = levels.flatMap(({ id, ordinal }) => [
    ...(ordinal === undefined ? [] : [{ name: ordinal, type: 'bigint' as const }]),
    ...(id === undefined ? [] : [{ name: id, type: 'text' as const }]),
  ]);
  const members = levels.flatMap(({ types, id, repeated, list }, at) => {
    const isParent = at < levels.length - 1;
    const isColumn = (name: string) =>
      name !== id && (!isParent || repeated.includes(name) || (allParents && name !== list));
    return Object.entries(types).flatMap(([name, type]) => (isColumn(name) ? [{ name, type }] : []));
  });
  return [...keys, ...members];
}

function listOf(value: unknown, name: string, conversationId: string): readonly JsonObject[] {
  const list = value ?? [];
  if (Array.isArray(list) && list.every(isJsonObject)) return list;
  throw new BatchError(
    `the conversation ${JSON.stringify(conversationId)} has ${name} that are not a list of objects, so they cannot become rows. ` +
      'Export without rows (--rows), or as JSON Lines.',
    'ERR_RECORD',
    { resumable: false },
  );
}
