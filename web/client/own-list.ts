/** A short list of one's own that is loaded once somebody wants to see it, and then kept. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Page } from './types.ts';

export class OwnList<T> {
  readonly #api: Requests;
  readonly #path: string;
  readonly #state = new Store<readonly T[] | null>(null);
  #loading: Promise<void> | null = null;
  #changes = 0;

  constructor(api: Requests, path: string) {
    this.#api = api;
    this.#path = path;
  }

  /** Null until it is loaded. */
  get state(): Readable<readonly T[] | null> {
    return this.#state;
  }

  /** Keeps it for as long as somebody looks: loads it, if it is not there. */
  open(): () => void {
    void this.load().catch(nextTime);
    return nothingToClose;
  }

  /** Loads it unless it is there; calls that come meanwhile share the answer. */
  load(): Promise<void> {
    if (this.#state.value !== null) return Promise.resolve();
    this.#loading ??= this.reload().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async reload(): Promise<void> {
    const changes = this.#changes;
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await this.#api.get(`${this.#path}?limit=200${from}`);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    // What was changed meanwhile may not be in it.
    if (changes === this.#changes) this.#state.set(items);
    else await this.reload();
  }

  /** Changes what is known of it. */
  change(change: (items: readonly T[]) => readonly T[]): void {
    this.#changes += 1;
    if (this.#state.value !== null) this.#state.set(change(this.#state.value));
  }
}

/** Whoever looks next asks again. */
function nextTime(): void {}

function nothingToClose(): void {}
