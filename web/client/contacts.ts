/** Everyone one has had orders with: searched, sorted, page by page. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Orders } from './orders.ts';
import { Pages } from './pages.ts';
import type { Contact } from './types.ts';

export const CONTACT_SORTS = ['name', 'orders', 'last_order'] as const;
export type ContactSort = (typeof CONTACT_SORTS)[number];

export interface ContactsState {
  readonly loaded: boolean;
  readonly failed: boolean;
  readonly query: string;
  readonly sort: ContactSort;
  /** What was last found; it stays until there is something newer. */
  readonly contacts: readonly Contact[];
}

const PAUSE_MS = 200;

export class Contacts {
  readonly #api: Requests;
  readonly #orders: Orders;
  readonly #state = new Store<ContactsState>({
    loaded: false,
    failed: false,
    query: '',
    sort: 'last_order',
    contacts: [],
  });
  #pages: Pages<Contact>;
  #viewers = 0;
  #forget = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Requests, orders: Orders) {
    this.#api = api;
    this.#orders = orders;
    this.#pages = this.#asked();
  }

  get state(): Readable<ContactsState> {
    return this.#state;
  }

  /** Whether there are more pages. */
  get more(): boolean {
    return this.#pages.begun && this.#pages.more;
  }

  /** Keeps them up to date until the answer is called. */
  open(): () => void {
    this.#viewers += 1;
    if (this.#viewers === 1) {
      // Orders are what contacts are made of.
      this.#forget = this.#orders.state.subscribe(() => this.#reloadIn(PAUSE_MS));
      this.#reloadIn(0);
    }
    return () => {
      this.#viewers -= 1;
      if (this.#viewers > 0) return;
      this.#forget();
      clearTimeout(this.#timer);
    };
  }

  /** Looks for a name, once one pauses. */
  search(query: string): void {
    this.#state.patch({ query });
    this.#pages = this.#asked();
    this.#reloadIn(PAUSE_MS);
  }

  sortBy(sort: ContactSort): void {
    this.#state.patch({ sort });
    this.#pages = this.#asked();
    this.#reloadIn(0);
  }

  async loadMore(): Promise<void> {
    const pages = this.#pages;
    if (!pages.begun) return;
    const more = await pages.next();
    if (!more || pages !== this.#pages) return;
    const shown = new Set(this.#state.value.contacts.map(({ person }) => person.id));
    const unseen = more.filter(({ person }) => !shown.has(person.id));
    this.#state.patch({ contacts: [...this.#state.value.contacts, ...unseen] });
  }

  #asked(): Pages<Contact> {
    const { query, sort } = this.#state.value;
    const asked = new URLSearchParams({ sort, q: query.trim() });
    return new Pages(this.#api, `/v1/contacts?${asked}`);
  }

  #reloadIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#reload(), ms);
  }

  async #reload(): Promise<void> {
    const pages = this.#pages;
    try {
      const contacts = await pages.restart();
      if (!contacts || pages !== this.#pages) return;
      this.#state.patch({ loaded: true, failed: false, contacts });
    } catch {
      if (pages === this.#pages) this.#state.patch({ failed: true });
    }
  }
}
