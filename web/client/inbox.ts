/** An account's view of its conversations, the liveliest first, with absolute unread counts. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Badge, Conversation, Page } from './types.ts';

export type Filter = 'all' | 'unread' | 'orders';

const QUERY: Readonly<Record<Filter, string>> = {
  all: 'filter=all',
  unread: 'filter=unread',
  orders: 'filter=all&kind=order',
};

export interface InboxState {
  readonly loaded: boolean;
  /** The liveliest first. */
  readonly conversations: readonly Conversation[];
  readonly badge: Badge;
}

export class Inbox {
  readonly #api: Requests;
  readonly #state = new Store<InboxState>({
    loaded: false,
    conversations: [],
    badge: { unread_conversations: 0, unread_notifications: 0 },
  });
  /** Where each filter's next page begins; null once all is here. */
  #cursors = new Map<Filter, string | null>();
  readonly #loading = new Set<Filter>();

  constructor(api: Requests) {
    this.#api = api;
  }

  get state(): Readable<InboxState> {
    return this.#state;
  }

  find(id: string): Conversation | undefined {
    return this.#state.value.conversations.find((conversation) => conversation.id === id);
  }

  hasMore(filter: Filter): boolean {
    return this.#cursors.get(filter) !== null;
  }

  /** Fetches a filter's next page, if there is one. */
  async loadMore(filter: Filter): Promise<void> {
    const cursor = this.#cursors.get(filter);
    if (cursor === null || this.#loading.has(filter)) return;
    this.#loading.add(filter);
    try {
      const from = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await this.#api.get<Page<Conversation>>(
        `/v1/conversations?${QUERY[filter]}${from}`,
      );
      this.#cursors.set(filter, page.next_cursor);
      this.put(page.items, { loaded: true });
    } finally {
      this.#loading.delete(filter);
    }
  }

  /** Starts over, when what was missed cannot be told. */
  async reload(): Promise<void> {
    this.#cursors = new Map();
    const [me] = await Promise.all([
      this.#api.get<{ counts?: Badge } & Partial<Badge>>('/v1/me'),
      this.loadMore('all'),
    ]);
    const counts = me.counts ?? me;
    this.badge({
      unread_conversations: counts.unread_conversations ?? 0,
      unread_notifications: counts.unread_notifications ?? 0,
    });
  }

  put(news: readonly Conversation[], changes: Partial<InboxState> = {}): void {
    const byId = new Map(this.#state.value.conversations.map((known) => [known.id, known]));
    for (const conversation of news) byId.set(conversation.id, conversation);
    const conversations = [...byId.values()].sort((a, b) => (activity(a) < activity(b) ? 1 : -1));
    this.#state.patch({ ...changes, conversations });
  }

  badge({ unread_conversations, unread_notifications }: Badge): void {
    this.#state.patch({ badge: { unread_conversations, unread_notifications } });
  }
}

function activity(conversation: Conversation): string {
  return conversation.active_at ?? conversation.last_message?.at ?? '';
}
