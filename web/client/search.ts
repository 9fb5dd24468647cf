/** Looks for words in one's own messages, people and orders, once one pauses. */

import { Problem, type Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Found } from './types.ts';

export interface SearchState {
  readonly query: string;
  /** `idle` while there is nothing to look for. */
  readonly phase: 'idle' | 'looking' | 'done' | 'failed';
  /** What was last found; it stays until there is something newer. */
  readonly found: Found;
}

const PAUSE_MS = 250;
const NOTHING: Found = { messages: [], people: [], orders: [] };
const IDLE: SearchState = { query: '', phase: 'idle', found: NOTHING };

export class Search {
  readonly #api: Requests;
  readonly #state = new Store<SearchState>(IDLE);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(api: Requests) {
    this.#api = api;
  }

  get state(): Readable<SearchState> {
    return this.#state;
  }

  look(query: string): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (query.trim() === '') {
      this.#state.set({ ...IDLE, query });
      return;
    }
    this.#state.patch({ query, phase: 'looking' });
    this.#timer = setTimeout(() => void this.#ask(query.trim()), PAUSE_MS);
  }

  async #ask(query: string): Promise<void> {
    const asked = this.#asked;
    try {
      const found = await this.#api.get<Found>(`/v1/search?${new URLSearchParams({ q: query })}`);
      if (asked === this.#asked) this.#state.patch({ phase: 'done', found });
    } catch (error) {
      if (asked !== this.#asked) return;
      // Signs alone are no word: there is nothing to find.
      const invalid = error instanceof Problem && error.status === 422;
      this.#state.patch({ phase: invalid ? 'done' : 'failed', found: NOTHING });
    }
  }
}
