import { refuse } from '../core/internal.ts';
import { accepts, matchColumn, sqlType, type WantedColumn } from './columns.ts';
import { EXTRA } from './create-table.ts';
import type { Model } from './model.ts';
import { quotedList, snakeCase } from './sql.ts';
import { labelOf, type TableColumn, type Target } from './target.ts';

/** Returns the columns of a key. @param columns of the table. */
export function keyColumns(members: readonly string[], columns: readonly TableColumn[]): string[] {
  return members.map((member) => matchColumn(member, columns)?.name ?? snakeCase(member));
}

/** Returns the column for the members that have no column. */
export function extraColumn(columns: readonly TableColumn[]): TableColumn | undefined {
  return columns.find(({ name, category }) => name === EXTRA && category === 'J');
}

/**
 * Checks an existing table.
 *
 * @param wanted the columns that the export needs; undefined if they are not known before the first record.
 * @throws ConfigurationError that lists everything that does not fit.
 */
export function checkTable(
  target: Target,
  { rowKey, wanted: typed }: Model,
  wanted: readonly WantedColumn[] | undefined,
  addColumns: boolean,
): void {
  const { columns = [], keys, dependents, sql } = target;
  const label = labelOf(target);
  const key = keyColumns(rowKey, columns);
  const absentKey = rowKey.filter((member) => !matchColumn(member, columns));
  const hasKey = keys.some(
    (found) => found.length === key.length && key.every((name) => found.includes(name)),
  );
  const absent = missingColumns(wanted ?? [], columns);
  const filled = new Set((wanted ?? []).map(({ member }) => matchColumn(member, columns)?.name));
  const unfilled = wanted
    ? columns.filter(({ name, isRequired }) => isRequired && !filled.has(name) && name !== EXTRA)
    : [];
  refuse(`the table ${label}`, [
    absentKey.length > 0
      ? `it has other columns: ${absentKey.map(snakeCase).join(', ')} of the key ${absentKey.length === 1 ? 'is' : 'are'} missing. Choose ` +
        'another table, which the export then creates, or add them'
      : !hasKey &&
        `it has no unique key over exactly ${key.join(', ')}, so rows could be there twice. Run: ALTER TABLE ${sql} ADD PRIMARY KEY ` +
          `(${quotedList(key)})`,
    dependents.length > 0 &&
      `${dependents.join(', ')} refers to it with a foreign key that deletes or changes rows (ON DELETE CASCADE, SET NULL or SET DEFAULT). The ` +
        'export replaces rows, so it would change that table. Replace the foreign key by one with DEFERRABLE INITIALLY DEFERRED instead',
    absentKey.length === 0 &&
      absent.length > 0 &&
      !addColumns &&
      !extraColumn(columns) &&
      missingProblem(absent, target),
    unfilled.length > 0 &&
      `${names(unfilled)} must have a value, and the export has none: drop NOT NULL, or set a default`,
    ...(wanted ?? []).map(({ member, type }) => {
      const column = matchColumn(member, columns);
      if (!column) return undefined;
      if (!column.isWritable) return `the column ${column.name} is generated, so the export cannot set it`;
      // The types of members that no documentation describes are a guess.
      return (
        typed &&
        !accepts(column, type) &&
        `the column ${column.name} has the type ${column.type}, but ${member} needs ${sqlType(type)} or text`
      );
    }),
  ]);
}

/** Returns the columns that the table lacks. */
function missingColumns(
  wanted: readonly WantedColumn[],
  columns: readonly TableColumn[],
): readonly WantedColumn[] {
  return wanted.filter(({ member }) => !matchColumn(member, columns));
}

/** Describes columns that a table lacks, if it has no column `extra` for their values either. */
export function missingProblem(absent: readonly WantedColumn[], { columns = [], sql }: Target): string {
  const list = absent.map(({ member }) => snakeCase(member)).join(', ');
  const change = columns.some(({ name }) => name === EXTRA)
    ? `ALTER COLUMN ${EXTRA} TYPE jsonb USING to_jsonb(${EXTRA})`
    : `ADD COLUMN ${EXTRA} jsonb`;
  return (
    `it has other columns: ${list} ${absent.length === 1 ? 'is' : 'are'} missing. Set addColumns (--add-columns) to add them, or keep their ` +
    `values in one column: ALTER TABLE ${sql} ${change}`
  );
}

function names(columns: readonly TableColumn[]): string {
  return `${columns.length === 1 ? 'the column' : 'the columns'} ${columns.map(({ name }) => name).join(', ')}`;
}
