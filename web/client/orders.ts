/** Orders: the list of one's own as seller and buyer, and the page of one. */

import type { Requests } from './api.ts';
import { Problem } from './api.ts';
import { type Readable, Store } from './observable.ts';
import { isActive, type Order, type OrderPage, type Page } from './types.ts';

export type Role = 'seller' | 'buyer';

export interface OrdersState {
  readonly loaded: boolean;
  readonly orders: ReadonlyMap<string, Order>;
}

export class Orders {
  readonly #account: string;
  readonly #api: Requests;
  readonly #state = new Store<OrdersState>({ loaded: false, orders: new Map() });

  constructor(account: string, api: Requests) {
    this.#account = account;
    this.#api = api;
  }

  get state(): Readable<OrdersState> {
    return this.#state;
  }

  /** One side's orders: active ones first, by due time; then the rest, the newest first. */
  as(role: Role): readonly Order[] {
    return [...this.#state.value.orders.values()]
      .filter((order) => order[role].id === this.#account)
      .sort(byUrgency);
  }

  async reload(): Promise<void> {
    const sides = await Promise.all([this.#all('seller'), this.#all('buyer')]);
    this.put(sides.flat(), true);
  }

  /** Takes the latest state of orders; an older one than is known changes nothing. */
  put(news: readonly Order[], loaded = this.#state.value.loaded): void {
    const orders = new Map(this.#state.value.orders);
    for (const order of news) {
      const known = orders.get(order.id);
      if (!known || known.version <= order.version) orders.set(order.id, order);
    }
    this.#state.set({ loaded, orders });
  }

  async #all(role: Role): Promise<Order[]> {
    const found: Order[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<Order> = await this.#api.get(`/v1/orders?role=${role}&limit=200${from}`);
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  }
}

function byUrgency(a: Order, b: Order): number {
  const [activeA, activeB] = [isActive(a.status), isActive(b.status)];
  if (activeA !== activeB) return activeA ? -1 : 1;
  if (!activeA || (!a.due_at && !b.due_at)) return a.created_at < b.created_at ? 1 : -1;
  return (a.due_at ?? LAST) < (b.due_at ?? LAST) ? -1 : 1;
}

/** Sorts after every time. */
const LAST = '~';

export type OrderPageState =
  | { readonly phase: 'loading' | 'gone' }
  | { readonly phase: 'ready'; readonly order: OrderPage };

/** The page of one order; fetched again whenever the inbox tells of a newer version. */
export class OrderDetails {
  readonly #id: string;
  readonly #api: Requests;
  readonly #orders: Orders;
  readonly #state = new Store<OrderPageState>({ phase: 'loading' });

  constructor(id: string, api: Requests, orders: Orders) {
    this.#id = id;
    this.#api = api;
    this.#orders = orders;
  }

  get state(): Readable<OrderPageState> {
    return this.#state;
  }

  /** Keeps the page up to date until the answer is called. */
  open(): () => void {
    void this.#load();
    return this.#orders.state.subscribe(({ orders }) => {
      const known = this.#state.value;
      const latest = orders.get(this.#id);
      if (known.phase === 'ready' && latest && latest.version > known.order.version) {
        void this.#load();
      }
    });
  }

  async #load(): Promise<void> {
    try {
      const order = await this.#api.get<OrderPage>(`/v1/orders/${this.#id}`);
      this.#state.set({ phase: 'ready', order });
      this.#orders.put([order]);
    } catch (error) {
      if (error instanceof Problem && error.status < 500) this.#state.set({ phase: 'gone' });
    }
  }
}
