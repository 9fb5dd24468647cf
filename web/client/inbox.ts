/** An account's view of its conversations, the liveliest first. */

import type { Requests } from './api.ts';
import { Collection } from './collection.ts';
import { type Readable, Store } from './observable.ts';
import { Pages } from './pages.ts';
import type { Conversation } from './types.ts';

export const FILTERS = ['all', 'unread', 'orders', 'starred', 'archived'] as const;
export type Filter = (typeof FILTERS)[number];

const QUERY: Readonly<Record<Filter, string>> = {
  all: 'filter=all',
  unread: 'filter=unread',
  orders: 'filter=all&kind=order',
  starred: 'filter=starred',
  archived: 'filter=archived',
};

/** What a person does with their view of a conversation. */
export type Flags = Partial<Pick<Conversation, 'starred' | 'archived' | 'muted'>>;

export interface InboxState {
  readonly loaded: boolean;
  /** The liveliest first. */
  readonly conversations: readonly Conversation[];
}

export class Inbox {
  readonly #api: Requests;
  readonly #known = new Collection<Conversation>();
  readonly #pages: ReadonlyMap<Filter, Pages<Conversation>>;
  readonly #state = new Store<InboxState>({ loaded: false, conversations: [] });

  constructor(api: Requests) {
    this.#api = api;
    this.#pages = new Map(
      FILTERS.map((filter) => [filter, new Pages(api, `/v1/conversations?${QUERY[filter]}`)]),
    );
    this.#known.items.subscribe((items) =>
      this.#state.patch({ conversations: [...items.values()].sort(byActivity) }),
    );
  }

  get state(): Readable<InboxState> {
    return this.#state;
  }

  find(id: string): Conversation | undefined {
    return this.#known.items.value.get(id);
  }

  /** Fetches a filter's next page, if there is one. */
  async loadMore(filter: Filter): Promise<void> {
    await this.#known.load(this.#of(filter));
  }

  /** Starts over, when what was missed cannot be told. */
  async reload(): Promise<void> {
    const shown = FILTERS.filter((filter) => filter === 'all' || this.#of(filter).begun);
    const loaded = await this.#known.restart(shown.map((filter) => this.#of(filter)));
    if (loaded) this.#state.patch({ loaded });
  }

  put(news: readonly Conversation[]): void {
    this.#known.put(news);
  }

  /** Stars, archives or mutes; the row changes at once, and back if it is refused. */
  async change(id: string, flags: Flags): Promise<void> {
    const before = this.find(id);
    if (before) this.put([{ ...before, ...flags }]);
    try {
      this.put([
        await this.#api.send<Conversation>(
          'PATCH',
          `/v1/conversations/${encodeURIComponent(id)}`,
          flags,
        ),
      ]);
    } catch (error) {
      if (before) this.put([before]);
      throw error;
    }
  }

  #of(filter: Filter): Pages<Conversation> {
    const pages = this.#pages.get(filter);
    if (!pages) throw new RangeError(`no filter ${filter}`);
    return pages;
  }
}

function byActivity(a: Conversation, b: Conversation): number {
  return a.active_at < b.active_at ? 1 : -1;
}
