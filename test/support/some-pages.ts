interface Item {
  id: string;
  text: string;
}

/** Returns pages of one to five records, some of them repeated from the previous page, and one page without records. */
export function somePages(count: number): { items: Item[] }[] {
  return Array.from({ length: count }, (_, page) => {
    const items = Array.from({ length: page === 3 ? 0 : 1 + (page % 5) }, (_, n) => ({
      id: `${page}-${n}`,
      text: `ünï "${'x'.repeat((page * 7) % 40)}"\n,${n}`,
    }));
    return { items: page % 4 === 2 ? [{ id: `${page - 1}-0`, text: 'again' }, ...items] : items };
  });
}
