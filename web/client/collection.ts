/**
 * Things by their id, made of two sources: pages that were asked for, and news that come by
 * themselves. What came as news while a page was on its way is newer than the page.
 */

import { type Readable, Store } from './observable.ts';
import type { Pages } from './pages.ts';

interface Identified {
  readonly id: string;
}

export class Collection<T extends Identified> {
  readonly #items = new Store<ReadonlyMap<string, T>>(new Map());
  /** For each request under way: the ids that news came about since it left. */
  readonly #newsSince = new Set<Set<string>>();

  get items(): Readable<ReadonlyMap<string, T>> {
    return this.#items;
  }

  put(news: readonly T[]): void {
    for (const since of this.#newsSince) for (const { id } of news) since.add(id);
    this.#merge(this.#items.value, news);
  }

  /** Adds the next page. */
  async load(pages: Pages<T>): Promise<void> {
    await this.#during(async (since) => {
      const page = await pages.next();
      if (page) this.#merge(this.#items.value, olderThan(since, page));
    });
  }

  /**
   * Starts over with the first pages of these lists, for the rest may be outdated. Says whether
   * it came to that: a later start overtakes an earlier one.
   */
  restart(lists: readonly Pages<T>[]): Promise<boolean> {
    return this.#during(async (since) => {
      const pages = await Promise.all(lists.map((list) => list.restart()));
      if (pages.includes(null)) return false;
      const kept = new Map([...this.#items.value].filter(([id]) => since.has(id)));
      this.#merge(
        kept,
        olderThan(
          since,
          pages.flatMap((page) => page ?? []),
        ),
      );
      return true;
    });
  }

  async #during<R>(work: (since: ReadonlySet<string>) => Promise<R>): Promise<R> {
    const since = new Set<string>();
    this.#newsSince.add(since);
    try {
      return await work(since);
    } finally {
      this.#newsSince.delete(since);
    }
  }

  #merge(known: ReadonlyMap<string, T>, news: readonly T[]): void {
    this.#items.set(new Map([...known, ...news.map((item) => [item.id, item] as const)]));
  }
}

function olderThan<T extends Identified>(since: ReadonlySet<string>, page: readonly T[]): T[] {
  return page.filter(({ id }) => !since.has(id));
}
