/** The page of one order, kept up to date while somebody looks at it, and what is done there. */

import type { Requests } from './api.ts';
import { isGone } from './gone.ts';
import type { Inbox } from './inbox.ts';
import { type Readable, Store } from './observable.ts';
import { OrderPapers } from './order-papers.ts';
import type { Orders } from './orders.ts';
import { Requirements } from './requirements.ts';
import type { Order, OrderAction, OrderPage } from './types.ts';

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
  readonly papers: OrderPapers;
  readonly requirements: Requirements;
  readonly #id: string;
  readonly #parts: OrderParts;
  readonly #state = new Store<OrderPageState>({ phase: 'loading' });
  #viewers = 0;
  /** Counts the questions: an answer to an earlier one is no use. */
  #asked = 0;
  #waiting = false;
  #forget: readonly (() => void)[] = [];
  #loads = 0;
  #lastSaid: string | undefined;

  constructor(id: string, parts: OrderParts) {
    this.#id = id;
    this.#parts = parts;
    const { account, api, orders } = parts;
    this.papers = new OrderPapers(this.#path, api, {
      page: () => this.#page,
      change: (changes) => this.#change(changes),
    });
    this.requirements = new Requirements(id, { account, api, orders, path: this.#path });
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

  /** Does something with the order; throws if it is not open (any more), and shows what is. */
  async act(action: OrderAction, data: object = {}): Promise<void> {
    try {
      const order = await this.#parts.api.send<Order>('POST', `${this.#path}/actions`, {
        action,
        data,
      });
      this.#change(order);
      this.#parts.orders.put([order]);
    } finally {
      // Either its history has a new line, or it is not as it was shown.
      void this.#load();
    }
  }

  get #path(): string {
    return `/v1/orders/${encodeURIComponent(this.#id)}`;
  }

  get #page(): OrderPage | null {
    const known = this.#state.value;
    return known.phase === 'ready' ? known.order : null;
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
    const latest = orders.get(this.#id);
    const newer = this.#page && latest && latest.version > this.#page.version;
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
    if (!this.#page) return undefined;
    const { seller, buyer } = this.#page;
    const other = seller.id === this.#parts.account ? buyer.id : seller.id;
    const direct = this.#parts.inbox.state.value.conversations.find(
      (one) => one.kind === 'direct' && one.with.id === other,
    );
    return direct?.last_message?.at;
  }

  /** Shows what is known of a change; an answer that is on its way may not know of it yet. */
  #change(changes: Partial<OrderPage>): void {
    if (!this.#page) return;
    this.#state.set({ phase: 'ready', order: { ...this.#page, ...changes } });
    if (this.#waiting) void this.#load();
  }

  async #load(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.#waiting = true;
    try {
      const order = await this.#parts.api.get<OrderPage>(this.#path);
      if (asked !== this.#asked) return;
      this.#waiting = false;
      // From memory, for the server is away: older than what is shown.
      if (order.version < (this.#page?.version ?? 0)) return;
      this.#state.set({ phase: 'ready', order });
      this.#lastSaid = this.#lastInInbox();
      this.#parts.orders.put([order]);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#waiting = false;
      if (isGone(error)) this.#state.set({ phase: 'gone' });
      else setTimeout(() => asked === this.#asked && void this.#load(), RETRY_MS);
    }
  }
}
