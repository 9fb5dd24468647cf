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

  /** Marks as read what leads to a page that is open now. */
  async seen(link: string): Promise<void> {
    const ids = this.#state.value.items
      .filter((one) => one.link === link && one.read_at === null)
      .map(({ id }) => id);
    if (ids.length > 0) await this.#api.send('POST', '/v1/notifications/read', { ids });
  }

  /** Tells why each channel did or did not send. */
  trace(id: string): Promise<Trace> {
    return this.#api.get<Trace>(`/v1/notifications/${encodeURIComponent(id)}/trace`);
  }
}

function byAge(a: Notification, b: Notification): number {
  return a.at < b.at ? 1 : -1;
}
