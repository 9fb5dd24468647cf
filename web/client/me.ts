/** Whose connection this is, and what waits for them. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Account, Badge } from './types.ts';

export interface MeState extends Badge {
  readonly account: Account;
  readonly active_orders: number;
  /** Whether they sell anything. */
  readonly is_seller: boolean;
}

export class Me {
  readonly #api: Requests;
  readonly #state = new Store<MeState | null>(null);
  #newest: Badge | null = null;

  constructor(api: Requests) {
    this.#api = api;
  }

  /** Null until it is loaded. */
  get state(): Readable<MeState | null> {
    return this.#state;
  }

  async reload(): Promise<void> {
    this.#newest = null;
    const me = await this.#api.get<MeState>('/v1/me');
    this.#state.set(this.#withNewest(me));
  }

  badge({ unread_conversations, unread_notifications }: Badge): void {
    this.#newest = { unread_conversations, unread_notifications };
    if (this.#state.value) this.#state.set(this.#withNewest(this.#state.value));
  }

  /** What the socket said while an answer was on its way is newer than the answer. */
  #withNewest(me: MeState): MeState {
    return { ...me, ...this.#newest };
  }
}
