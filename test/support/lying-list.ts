/** A way in which an API returns something else than its list. `at` counts the pages that the API returns, from 1. */
export type Lie =
  /** Each page begins before the end of the previous page. */
  | { kind: 'overlap'; by: number }
  /** A record is deleted or inserted between two requests, so that later records move to another page. */
  | { kind: 'delete'; at: number; index: number }
  | { kind: 'insert'; at: number; index: number }
  /** A page has the records of the previous page. */
  | { kind: 'repeat'; at: number }
  | { kind: 'lose'; at: number; count: number }
  | { kind: 'empty'; at: number }
  /** From this page on, the stated total is wrong. */
  | { kind: 'total'; at: number; by: number }
  /** The last page is returned for every page after it. */
  | { kind: 'last page for ever' }
  /** The next page of this page is the first page. */
  | { kind: 'back'; at: number }
  /** The paging parameter is ignored. */
  | { kind: 'ignore' };

export interface ListPlan {
  /** Number of records at the beginning. */
  records: number;
  /** Records per page, if the API ignores the page size of the request. */
  apiSize: number | undefined;
  lies: readonly Lie[];
}

interface ListedRecord {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly start: number;
}

interface ListPage {
  readonly items: readonly ListedRecord[];
  readonly total: number;
  readonly pageCount: number;
  /** Start of the next page; undefined on the last page. */
  readonly next: number | undefined;
}

export const LIST_START = Date.UTC(2026, 0, 1);
/** Milliseconds between the starts of two records. */
export const STEP = 60_000;

/** A list of records that an API returns page by page, and lies about. */
export class LyingList {
  /** The ids that the API has returned, and the total that it stated last, by window. */
  readonly served = new Map<string, Set<string>>();
  readonly stated = new Map<string, number[]>();
  readonly plan: ListPlan;
  private records: ListedRecord[];
  private pages = 0;
  private inserted = 0;
  private before: readonly ListedRecord[] = [];

  constructor(plan: ListPlan) {
    this.plan = plan;
    this.records = Array.from({ length: plan.records }, (_, n) => ({
      id: `r${n}`,
      start: LIST_START + n * STEP,
    }));
  }

  get ids(): string[] {
    return this.records.map(({ id }) => id);
  }

  /**
   * Returns a page of the records of a window.
   *
   * @param start number of records before the page.
   */
  page(
    window: string,
    start: number,
    asked: number,
    matches = (_: ListedRecord) => true,
    isFile = false,
  ): ListPage {
    const at = ++this.pages;
    for (const lie of this.plan.lies) if ('index' in lie && lie.at === at) this.move(lie);
    const all = this.records.filter(matches);
    const size = isFile ? asked : (this.plan.apiSize ?? asked);
    const isAt = (kind: Lie['kind']) =>
      this.plan.lies.some((lie) => lie.kind === kind && (!('at' in lie) || lie.at === at));

    const repeatsEnd = isAt('last page for ever') && start >= all.length && all.length > 0;
    let items: readonly ListedRecord[] = this.itemsAt(all, start, size, isAt('ignore'));
    if (repeatsEnd) items = all.slice(-size);
    for (const lie of this.plan.lies) {
      if (lie.kind === 'lose' && lie.at === at) items = items.slice(0, Math.max(0, items.length - lie.count));
    }
    if (isAt('repeat')) items = this.before;
    if (isAt('empty')) items = [];
    this.before = items;

    const total = Math.max(0, all.length + this.wrongBy(at));
    this.note(window, items, total);
    const hasNext = repeatsEnd || isAt('last page for ever') || start + size < all.length;
    const next = isAt('back') ? 0 : hasNext ? start + size : undefined;
    return { items, total, pageCount: Math.ceil(all.length / size), next };
  }

  private itemsAt(all: readonly ListedRecord[], start: number, size: number, ignores: boolean) {
    if (ignores) return all.slice(0, size);
    if (start >= all.length) return [];
    const by = this.plan.lies.reduce((sum, lie) => sum + (lie.kind === 'overlap' ? lie.by : 0), 0);
    const from = Math.max(0, start - by * Math.ceil(start / size));
    return all.slice(from, from + size);
  }

  private move(lie: Extract<Lie, { index: number }>): void {
    const index = Math.min(lie.index, this.records.length);
    const start = (this.records[index] ?? this.records.at(-1))?.start ?? LIST_START;
    if (lie.kind === 'delete') this.records.splice(index, 1);
    else this.records.splice(index, 0, { id: `n${this.inserted++}`, start });
  }

  private wrongBy(at: number): number {
    return this.plan.lies.reduce((sum, lie) => sum + (lie.kind === 'total' && lie.at <= at ? lie.by : 0), 0);
  }

  private note(window: string, items: readonly ListedRecord[], total: number): void {
    const served = this.served.get(window) ?? new Set();
    for (const { id } of items) served.add(id);
    this.served.set(window, served);
    this.stated.set(window, [...(this.stated.get(window) ?? []), total]);
  }
}
