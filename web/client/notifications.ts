/** The feed of what a person should know, the newest first. */

import type { Requests } from './api.ts';
import { Collection } from './collection.ts';
import { type Readable, Store } from './observable.ts';
import { Pages } from './pages.ts';
import type { Notification, Trace } from './types.ts';

export interface NotificationsState {
  readonly loaded: boolean;
  /** The newest first. */
  readonly items: readonly Notification[];
}

export class Notifications {
  readonly #api: Requests;
  readonly #known = new Collection<Notification>();
  readonly #pages: Pages<Notification>;
  /** Those that the server is being told about. */
  readonly #marking = new Set<string>();
  readonly #state = new Store<NotificationsState>({ loaded: false, items: [] });

  constructor(api: Requests) {
    this.#api = api;
    this.#pages = new Pages(api, '/v1/notifications?limit=50');
    this.#known.items.subscribe((items) =>
      this.#state.patch({ items: [...items.values()].sort(byAge) }),
    );
  }

  get state(): Readable<NotificationsState> {
    return this.#state;
  }

  async loadMore(): Promise<void> {
    await this.#known.load(this.#pages);
  }

  async reload(): Promise<void> {
    const loaded = await this.#known.restart([this.#pages]);
    if (loaded) this.#state.patch({ loaded });
  }

  put(news: readonly Notification[]): void {
    this.#known.put(news);
  }

  /** Marks all as read; the inbox channel tells of each, and of the count. */
  async readAll(): Promise<void> {
    await this.#api.send('POST', '/v1/notifications/read', {});
  }

  /** Marks as read what is about something that the person is looking at now. */
  async seen(isAbout: (notification: Notification) => boolean): Promise<void> {
    const ids = this.#state.value.items
      .filter((one) => one.read_at === null && !this.#marking.has(one.id) && isAbout(one))
      .map(({ id }) => id);
    if (ids.length === 0) return;
    for (const id of ids) this.#marking.add(id);
    try {
      await this.#api.send('POST', '/v1/notifications/read', { ids });
    } finally {
      for (const id of ids) this.#marking.delete(id);
    }
  }

  /** Tells why each channel did or did not send. */
  trace(id: string): Promise<Trace> {
    return this.#api.get<Trace>(`/v1/notifications/${encodeURIComponent(id)}/trace`);
  }
}

function byAge(a: Notification, b: Notification): number {
  return a.at < b.at ? 1 : -1;
}
