/** A list of the API that comes page by page, and may start over while a page is on its way. */

import type { Requests } from './api.ts';
import type { Page } from './types.ts';

export class Pages<T> {
  readonly #api: Requests;
  readonly #path: string;
  #cursor: string | null = null;
  #begun = false;
  #loading = false;
  /** Counts the times that we started over: a page that was asked for before is no use. */
  #round = 0;

  /** `path` has a query already, to which the cursor is added. */
  constructor(api: Requests, path: string) {
    this.#api = api;
    this.#path = path;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get more(): boolean {
    return !this.#begun || this.#cursor !== null;
  }

  /** Fetches the next page; null if there is none, or one is on its way. */
  async next(): Promise<readonly T[] | null> {
    return this.#loading || !this.more ? null : this.#load();
  }

  /** Fetches the first page anew; null if it was started over once more meanwhile. */
  async restart(): Promise<readonly T[] | null> {
    this.#round += 1;
    this.#begun = false;
    this.#cursor = null;
    return this.#load();
  }

  async #load(): Promise<readonly T[] | null> {
    const round = this.#round;
    this.#loading = true;
    try {
      const page = await this.#api.get<Page<T>>(this.#path + this.#from());
      if (round !== this.#round) return null;
      this.#begun = true;
      this.#cursor = page.next_cursor;
      return page.items;
    } finally {
      if (round === this.#round) this.#loading = false;
    }
  }

  #from(): string {
    return this.#cursor === null ? '' : `&cursor=${encodeURIComponent(this.#cursor)}`;
  }
}
