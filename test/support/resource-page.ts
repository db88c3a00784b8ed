import { type Resource, type ResourceTable, recordKey } from '../../src/batch/internal.ts';

/** Returns a table of resources as rows of Markdown. */
export function resourceRows(table: ResourceTable): string {
  const rows = Object.entries(table).map(([name, resource]) => `| ${cellsOf(name, resource).join(' | ')} |`);
  return [
    '| resource | request | pages | list, ID | permission | notes |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function cellsOf(name: string, resource: Resource): string[] {
  const {
    about,
    method = 'get',
    path,
    paging,
    pageSize,
    list,
    permissions,
    interval,
    query,
    source,
    note,
  } = resource;
  const key = recordKey(resource) ?? [];
  const needs = [
    interval && 'Needs an interval.',
    query && query.required.length > 0 && `Needs \`--query\` with \`${query.required.join('`, `')}\`.`,
    note,
  ];
  return [
    `\`${name}\`: ${about}`,
    `\`${method.toUpperCase()} ${path}\` (${source})`,
    pageSize === undefined ? paging : `${paging}, ${pageSize} records`,
    `\`${[list, ...key].join('`, `')}\``,
    permissions
      ? permissions.map((permission) => `\`${permission}\``).join(' or ') || 'none'
      : 'not documented',
    needs.filter(Boolean).join(' '),
  ];
}
