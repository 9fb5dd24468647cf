/** The page of one order, kept up to date while somebody looks at it. */

import { Problem, type Requests } from './api.ts';
import type { Inbox } from './inbox.ts';
import { type Readable, Store } from './observable.ts';
import type { Orders } from './orders.ts';
import type { OrderPage } from './types.ts';

export type OrderPageState =
  | { readonly phase: 'loading' | 'gone' }
  | { readonly phase: 'ready'; readonly order: OrderPage };

const RETRY_MS = 2_000;

export interface OrderParts {
  readonly account: string;
  readonly api: Requests;
  readonly orders: Orders;
  readonly inbox: Inbox;
}

export class OrderDetails {
  readonly #id: string;
  readonly #parts: OrderParts;
  readonly #state = new Store<OrderPageState>({ phase: 'loading' });
  #viewers = 0;
  #asked = 0;
  #forget: readonly (() => void)[] = [];
  #loads = 0;
  #lastSaid: string | undefined;

  constructor(id: string, parts: OrderParts) {
    this.#id = id;
    this.#parts = parts;
  }

  get state(): Readable<OrderPageState> {
    return this.#state;
  }

  /** Keeps the page up to date until the answer is called. */
  open(): () => void {
    this.#viewers += 1;
    if (this.#viewers === 1) this.#begin();
    return () => {
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#end();
    };
  }

  #begin(): void {
    const { orders, inbox } = this.#parts;
    this.#loads = orders.state.value.loads;
    this.#lastSaid = this.#lastInInbox();
    this.#forget = [
      orders.state.subscribe(() => this.#ordersChanged()),
      inbox.state.subscribe(() => this.#inboxChanged()),
    ];
    void this.#load();
  }

  #end(): void {
    this.#asked += 1;
    for (const forget of this.#forget) forget();
  }

  #ordersChanged(): void {
    const { loads, orders } = this.#parts.orders.state.value;
    const known = this.#state.value;
    const latest = orders.get(this.#id);
    const newer = known.phase === 'ready' && latest && latest.version > known.order.version;
    // The first load of the lists says nothing new; a later one says that something was missed.
    const missed = this.#loads > 0 && loads > this.#loads;
    this.#loads = loads;
    if (newer || missed) void this.#load();
  }

  /** The page shows what was last said in the inbox with the other side. */
  #inboxChanged(): void {
    const lastSaid = this.#lastInInbox();
    if (lastSaid === this.#lastSaid) return;
    this.#lastSaid = lastSaid;
    void this.#load();
  }

  #lastInInbox(): string | undefined {
    const known = this.#state.value;
    if (known.phase !== 'ready') return undefined;
    const { seller, buyer } = known.order;
    const other = seller.id === this.#parts.account ? buyer.id : seller.id;
    const direct = this.#parts.inbox.state.value.conversations.find(
      (one) => one.kind === 'direct' && one.with.id === other,
    );
    return direct?.last_message?.at;
  }

  async #load(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const order = await this.#parts.api.get<OrderPage>(
        `/v1/orders/${encodeURIComponent(this.#id)}`,
      );
      if (asked !== this.#asked) return;
      this.#state.set({ phase: 'ready', order });
      this.#lastSaid = this.#lastInInbox();
      this.#parts.orders.put([order]);
    } catch (error) {
      if (asked !== this.#asked) return;
      if (error instanceof Problem && GONE.has(error.status)) this.#state.set({ phase: 'gone' });
      else setTimeout(() => asked === this.#asked && void this.#load(), RETRY_MS);
    }
  }
}

/** Not there, not ours, or no id at all. */
const GONE: ReadonlySet<number> = new Set([400, 403, 404]);
