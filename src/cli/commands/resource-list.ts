import type { Resource, ResourceTable } from '../../batch/internal.ts';

/** Returns a table of resources as text, whose lines fit into 80 columns. */
export function resourceList(table: ResourceTable): string {
  const width = Math.max(...Object.keys(table).map(({ length }) => length)) + 2;
  const blocks = Object.entries(table).map(([name, resource]) =>
    linesOf(resource).map((line, index) => (index === 0 ? name.padEnd(width) : ' '.repeat(width)) + line),
  );
  return `${blocks.flat().join('\n')}\n`;
}

function linesOf({
  method = 'get',
  path,
  about,
  permissions,
  pageSize,
  interval,
  query,
}: Resource): string[] {
  const [first = 'none', ...more] = permissions ?? ['not documented'];
  const required = query?.required.join(', ');
  return [
    `${method.toUpperCase()} ${path}`,
    about,
    `permission: ${first}`,
    ...more.map((permission) => `  or ${permission}`),
    ...(pageSize === undefined ? [] : [`${pageSize} records per page`]),
    ...(interval ? ['needs --interval, --since or --days'] : []),
    ...(required ? [`needs --query FILE with ${required}`] : []),
  ];
}
