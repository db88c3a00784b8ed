/** The members that identify a record of a query for aggregates. */
export const AGGREGATE_KEY = ['group', 'interval'] as const;

/** How a resource is paged. */
type Paging = 'page numbers' | 'links' | 'skip and top' | 'one response';

/**
 * A resource of a vendor's API, as the vendor documents it. A record of an interval has no start: it was computed for the interval of the request,
 * or the vendor does not document which time the interval refers to. A record that looks as if it began outside would be in no day's file.
 */
export interface Resource {
  readonly about: string;
  /** The path of the request. `{version}` is the version of the API. */
  readonly path: string;
  /** @default 'get' */
  readonly method?: 'get' | 'post';
  readonly paging: Paging;
  /** The member with the list of records. */
  readonly list: string;
  /** The member of a record with its id. Records of a resource without an id are not compared. */
  readonly id?: string;
  /** The members that identify a record among the records of all intervals. @default the id of the parent, if any, and `id` */
  readonly key?: readonly string[];
  /** The member with the total number of records. */
  readonly total?: string;
  /** The fraction of the total that may be missing by default. @default 0 */
  readonly totalTolerance?: number;
  /** The records per page that are requested by default. */
  readonly pageSize?: number;
  /** Permissions of which the OAuth client needs one. An empty list means that the vendor requires none. */
  readonly permissions?: readonly string[];
  /** Whether the request needs an interval. */
  readonly interval?: true;
  /** Whether the request has a body, to which `query` adds members. `required` names the members that the API requires. */
  readonly query?: { readonly required: readonly string[] };
  /** The resource whose records are the parents of these records, and the member that gets the id of the parent. */
  readonly parent?: { readonly resource: string; readonly field: string };
  /** Where the vendor documents this. */
  readonly source: string;
  readonly note?: string;
}

/** Returns the members that identify a record together; undefined if the vendor documents none. */
export function recordKey({ id, key, parent }: Resource): readonly string[] | undefined {
  return key ?? (id === undefined ? undefined : [...(parent ? [parent.field] : []), id]);
}

/** A table of resources by name. */
export type ResourceTable = Readonly<Record<string, Resource>>;
