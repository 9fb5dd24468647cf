/** Orders: the lists of one's own as seller and as buyer. */

import type { Requests } from './api.ts';
import { Collection } from './collection.ts';
import { type Readable, Store } from './observable.ts';
import { Pages } from './pages.ts';
import { isActive, type Order } from './types.ts';

export type Role = 'seller' | 'buyer';

export interface OrdersState {
  /** Counts the times that the lists were loaded anew. */
  readonly loads: number;
  readonly orders: ReadonlyMap<string, Order>;
}

export class Orders {
  readonly #account: string;
  readonly #known = new Collection<Order>();
  readonly #pages: Readonly<Record<Role, Pages<Order>>>;
  readonly #state = new Store<OrdersState>({ loads: 0, orders: new Map() });

  constructor(account: string, api: Requests) {
    this.#account = account;
    this.#pages = {
      seller: new Pages(api, '/v1/orders?role=seller'),
      buyer: new Pages(api, '/v1/orders?role=buyer'),
    };
    this.#known.items.subscribe((orders) => this.#state.patch({ orders }));
  }

  get state(): Readable<OrdersState> {
    return this.#state;
  }

  /** One side's orders: active ones first, by due time; then the rest, the newest first. */
  as(role: Role): readonly Order[] {
    return [...this.#known.items.value.values()]
      .filter((order) => order[role].id === this.#account)
      .sort(byUrgency);
  }

  /** All known orders between this account and another one, the newest first. */
  between(other: string): readonly Order[] {
    return [...this.#known.items.value.values()]
      .filter((order) => order.seller.id === other || order.buyer.id === other)
      .sort(byAge);
  }

  async loadMore(role: Role): Promise<void> {
    await this.#known.load(this.#pages[role]);
  }

  async reload(): Promise<void> {
    const loaded = await this.#known.restart([this.#pages.seller, this.#pages.buyer]);
    if (loaded) this.#state.patch({ loads: this.#state.value.loads + 1 });
  }

  /** Takes the latest state of orders; an older one than is known changes nothing. */
  put(news: readonly Order[]): void {
    const known = this.#known.items.value;
    this.#known.put(news.filter(({ id, version }) => version >= (known.get(id)?.version ?? 0)));
  }
}

function byUrgency(a: Order, b: Order): number {
  const active = isActive(a.status);
  if (active !== isActive(b.status)) return active ? -1 : 1;
  if (!active || a.due_at === b.due_at) return byAge(a, b);
  return (a.due_at ?? LAST) < (b.due_at ?? LAST) ? -1 : 1;
}

/** Sorts after every time. */
const LAST = '~';

function byAge(a: Order, b: Order): number {
  return a.created_at < b.created_at ? 1 : -1;
}
