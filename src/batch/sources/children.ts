import { isWhole } from '../../core/internal.ts';
import { isJsonObject } from '../json/json-object.ts';
import { toJson } from '../json/to-json.ts';
import { unexpected } from './answer.ts';
import { CHILDREN_DEFAULTS, type ChildrenOptions, readChildrenOptions } from './children-options.ts';
import { orGone } from './expiring-job.ts';
import { createParentCount } from './parent-count.ts';
import { inOrder } from './read-ahead.ts';
import { savedCursor } from './saved-cursor.ts';
import type { Json, Page, PageSource, RecordId, SourceContext } from './source.ts';

/** The position of an export. */
type State = {
  /** The cursor of the page of parents; null for the first page. */
  readonly parents: Json;
  /** Different parents on the pages before, in the window of the page. */
  readonly before: number;
  /** The id of a parent of the page, as JSON. The children of the earlier parents of the page are written. */
  readonly parent: string;
  /** The cursor of the next page of children; absent if all children of the parent are written. */
  readonly child?: Json;
  /** Parents whose children the API returned. */
  readonly found: number;
  /** Parents for whose children the API returned 404 or 410. */
  readonly skipped: number;
};

interface Parent<Item> {
  readonly key: string;
  readonly id: RecordId;
  readonly item: Item;
}

/** The children of a parent, whose first page has arrived; undefined if the API returned 404 or 410. */
type Opened = { readonly first: IteratorResult<Page>; readonly rest: AsyncIterator<Page> } | undefined;

/**
 * Returns a source that reads the children of each parent, such as the members of each queue. The source reads a page of parents, then the
 * children of each parent of the page. It reads the first pages of several parents in parallel.
 *
 * Each child gets the id of its parent in `parentField`. The id of the parent is part of the id of the child, so that a user who is a member
 * of two queues is written twice. The children of a parent are a window, or several windows if their source has windows. The total of each
 * window and the total of the parents are checked.
 *
 * An export can resume at every page. It reads the page of parents again, and finds its position by the id of the parent.
 *
 * @throws ConfigurationError that lists all invalid options.
 * @example
 * childrenSource({
 *   parents: pageNumberSource({ url: '/queues', items: 'entities', pageCount: 'pageCount', id: 'id' }),
 *   children: ({ id }) => pageNumberSource({ url: `/queues/${encodeURIComponent(id)}/members`, items: 'entities', id: 'id' }),
 *   parentField: 'queueId',
 * })
 */
export function childrenSource<Item = unknown>(options: ChildrenOptions<Item>): PageSource {
  const own = readChildrenOptions(options);
  const { name = CHILDREN_DEFAULTS.name, parents, children, parentField, query = null } = own;
  const { missingParent = CHILDREN_DEFAULTS.missingParent } = own;
  // The id of a child comes from the source of its parent, which the child does not name.
  const ids = new WeakMap<object, string>();

  function parentOf(item: Item): Parent<Item> {
    const id = parents.identify?.(item);
    if (id === undefined) throw unexpected(`the source ${parents.name}`, 'returned a parent without an id');
    return { key: toJson(id), id, item };
  }

  function withParent(item: unknown, { key, id }: Parent<Item>, source: PageSource): unknown {
    const label = `the source ${source.name}`;
    if (!isJsonObject(item)) throw unexpected(label, 'returned a child that is not an object');
    const present = Object.hasOwn(item, parentField) ? item[parentField] : undefined;
    if (present !== undefined && toJson(present) !== key) {
      const what = `returned a child with another ${parentField} than its parent; set another parentField`;
      throw unexpected(label, what);
    }
    const record = { ...item, [parentField]: id };
    const child = source.identify?.(item);
    if (child !== undefined) ids.set(record, `${key} ${toJson(child)}`);
    return record;
  }

  async function* childrenOf(
    parent: Parent<Item>,
    context: SourceContext,
    within: string | undefined,
  ): AsyncGenerator<Page, void> {
    const source = children(parent.item);
    const withKey = (part: Json | undefined) =>
      part === undefined ? parent.key : `${parent.key} ${toJson(part)}`;
    for await (const { total: _, ...page } of source.read(context)) {
      const items = page.items.map((item) => withParent(item, parent, source));
      // A run that resumes reads the children of a parent of two windows again, at other pages of parents.
      const key = withKey(page.nextKey ?? page.next);
      const nextKey = within === undefined ? key : `${within} ${key}`;
      yield { ...page, items, window: withKey(page.window), nextKey };
    }
  }

  const orMissing = <T>(pages: Promise<T>): Promise<T | undefined> =>
    missingParent === 'skip' ? orGone(pages) : pages;

  /** Reads the children of parents. @returns the position after them. */
  async function* readParents(
    all: readonly Parent<Item>[],
    start: State,
    context: SourceContext,
    within: string | undefined,
  ): AsyncGenerator<Page, State> {
    let state = start;
    if (all.length === 0) return state;
    async function open(index: number): Promise<Opened> {
      const parent = all[index] as Parent<Item>;
      const from = parent.key === start.parent ? start.child : undefined;
      const rest = childrenOf(parent, { ...context, from }, within);
      const first = await orMissing(rest.next());
      return first && { first, rest };
    }
    let index = 0;
    const parallel = { first: 0, atOnce: context.readAhead, likelyLast: () => all.length - 1 };
    for await (const opened of inOrder(open, parallel)) {
      const { key } = all[index] as Parent<Item>;
      const { child: _, ...before } = { ...state, parent: key };
      const after = { ...before, found: before.found + 1 };
      let result = opened?.first;
      while (opened && result && !result.done) {
        const { next, ...page } = result.value;
        yield { ...page, next: next === undefined ? after : { ...before, child: next } };
        result = await orMissing(opened.rest.next());
      }
      state = result ? after : { ...before, skipped: before.skipped + 1 };
      if (!result) yield { items: [], next: state, save: true, warnings: [skippedWarning(key)] };
      if (++index === all.length) break;
    }
    return state;
  }

  const skippedWarning = (key: string) =>
    `the source ${name} skipped the parent ${key}, because the API returned 404 for its children: it may have been deleted`;

  async function* read(context: SourceContext): AsyncGenerator<Page, void> {
    const from = savedCursor<State>(name, context.from, isState);
    let state: State = from ?? { parents: null, before: 0, parent: '', found: 0, skipped: 0 };
    const counted = createParentCount(parents.name, state.before);
    // Warnings about the parents, for the next page of children.
    let warnings: string[] = [];
    const first = state.parents ?? undefined;
    let position = { parents: state.parents, before: state.before };
    let isFirst = from !== undefined;
    for await (const page of parents.read({ ...context, from: first })) {
      const all = [...new Map(page.items.map(parentOf).map((parent) => [parent.key, parent])).values()];
      const { fresh, warnings: more } = counted.add(
        page,
        all.map(({ key }) => key),
      );
      warnings.push(...more);
      const found = all.findIndex(({ key }) => key === state.parent);
      if (isFirst && found < 0 && all.length > 0) {
        warnings.push(movedWarning(state.parent));
        // End the window of the saved parent here, because no page of its children follows.
        const end = { label: `the source ${name} for the parent ${state.parent}`, tolerance: 1 };
        if (state.child !== undefined) yield { items: [], end, next: state };
      }
      // A page without parents can precede the page of the saved parent: it ends a window of the parents.
      const skip = isFirst && found >= 0 ? found + (state.child === undefined ? 1 : 0) : 0;
      if (all.length > 0) isFirst = false;
      const rest = all.slice(skip).filter(({ key }) => fresh.has(key));
      const reading = readParents(rest, { ...state, ...position }, context, page.window);
      let result = await reading.next();
      for (; !result.done; result = await reading.next()) {
        const { warnings: own = [], ...child } = result.value;
        yield { ...child, warnings: [...warnings, ...own] };
        warnings = [];
      }
      state = result.value;
      position = { parents: page.next ?? null, before: counted.count };
    }
    warnings.push(...counted.end());
    if (state.skipped > 0 && state.found === 0) {
      throw unexpected(`the source ${name}`, `received 404 for the children of all ${state.skipped} parents`);
    }
    yield { items: [], save: true, warnings };
  }

  const movedWarning = (key: string) =>
    `the parent ${key} of the source ${name} is no longer on its page: the children of the page are read again, and children without an id ` +
    'are written twice';

  return {
    name,
    query: { parents: { name: parents.name, query: parents.query }, children: query, parentField },
    identify: (item) => ids.get(Object(item)),
    read,
  };
}

function isState({ parents, before, parent, found, skipped, ...more }: Partial<State>): boolean {
  const names = Object.keys(more);
  return (
    parents !== undefined &&
    typeof parent === 'string' &&
    [before, found, skipped].every((count) => isWhole(count)) &&
    names.every((name) => name === 'child')
  );
}
