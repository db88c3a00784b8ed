import type { Clock } from '../../core/index.ts';
import {
  nearestName,
  type OptionTable,
  type Problem,
  readOptions,
  refuse,
  systemClock,
} from '../../core/internal.ts';
import { checkInterval } from '../sources/interval.ts';
import { type JsonMembers, valueAt } from '../sources/member-path.ts';
import type { Resource, ResourceTable } from './resource.ts';

/** Options of {@link genesysResource} and {@link cxoneResource}. */
export interface ResourceOptions {
  /** Records per page. @default the value in the table of resources */
  pageSize?: number | undefined;
  /** Query parameters, such as `{ expand: ['groups'] }`. The checkpoint stores them without members that are secrets by their names. */
  params?: JsonMembers | undefined;
  /** Further names of secrets in `params`, which the checkpoint must not contain. @default none */
  secretParams?: readonly string[] | undefined;
  /** ISO 8601 `start/end`, in the past. Required by resources with an interval, and refused by the others. */
  interval?: string | undefined;
  /** Members of the body, such as filters. Only for resources whose request has a body. */
  query?: JsonMembers | undefined;
  /** The fraction of the stated records that may be missing, from 0 to 1. @default 0; 1 for a total that the API only estimates */
  totalTolerance?: number | undefined;
  /** Determines the current time. @default the system clock */
  clock?: Clock | undefined;
}

export const RESOURCE_OPTIONS: OptionTable<ResourceOptions> = {
  pageSize: 'any',
  params: 'object',
  secretParams: 'array',
  interval: 'any',
  query: 'object',
  totalTolerance: 'any',
  clock: 'object',
};

/** A resource with its checked options. */
interface ChosenResource<Options> {
  readonly resource: Resource;
  readonly options: Options;
}

/**
 * Finds a resource, and checks its options.
 *
 * @param what the function that received the options.
 * @throws ConfigurationError that lists all problems.
 */
export function chooseResource<Options extends ResourceOptions>(
  what: string,
  table: ResourceTable,
  name: string,
  given: Options,
  optionTable: OptionTable<Options>,
): ChosenResource<Options> {
  refuse(what, [resourceProblem(table, name)]);
  const resource = table[name] as Resource;
  const [options, problems] = readOptions(given, optionTable);
  refuse(what, [...optionProblems(name, resource, options), ...problems]);
  return { resource, options };
}

/** Returns the problem of an unknown name, with the most similar name of a resource. */
export function resourceProblem(table: ResourceTable, name: string): string | undefined {
  if (Object.hasOwn(table, name)) return undefined;
  const names = Object.keys(table);
  const nearest = nearestName(name, names);
  const hint = nearest ? `did you mean ${nearest}? The` : 'the';
  return `unknown resource ${JSON.stringify(name)}; ${hint} resources are ${names.join(', ')}`;
}

function optionProblems(name: string, resource: Resource, options: ResourceOptions): Problem[] {
  const { interval, query, params, pageSize, totalTolerance, clock = systemClock } = options;
  const body = resource.query;
  return [
    resource.interval && checkInterval(interval, clock.now()),
    !resource.interval && interval !== undefined && `interval has no effect: ${name} has no interval`,
    !body && query !== undefined && `query has no effect: the request for ${name} has no body. Use params`,
    body && params !== undefined && `params has no effect: the request for ${name} has a body. Use query`,
    body && query?.interval !== undefined && 'query.interval must be set with the option interval',
    ...(body?.required ?? []).map(
      (member) => valueAt(query, member) === undefined && `query.${member} is required by the API`,
    ),
    resource.pageSize === undefined &&
      pageSize !== undefined &&
      `pageSize has no effect: ${name} has one page`,
    pageSize !== undefined &&
      !(Number.isSafeInteger(pageSize) && pageSize > 0) &&
      'pageSize must be a whole number above 0',
    resource.total === undefined &&
      totalTolerance !== undefined &&
      `totalTolerance has no effect: the API states no total of ${name}`,
  ];
}
