/** What one has had to do with somebody, up to date while somebody looks. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Orders } from './orders.ts';
import type { Contact, Page, Person } from './types.ts';

export class Together {
  readonly #person: Person;
  readonly #api: Requests;
  readonly #orders: Orders;
  readonly #state = new Store<Contact | null>(null);
  #viewers = 0;
  #forget = () => {};
  /** What the orders with them were when it was asked for. */
  #asOf = '';

  constructor(person: Person, api: Requests, orders: Orders) {
    this.#person = person;
    this.#api = api;
    this.#orders = orders;
  }

  /** Null as long as it is not known, and for who is no contact. */
  get state(): Readable<Contact | null> {
    return this.#state;
  }

  open(): () => void {
    this.#viewers += 1;
    if (this.#viewers === 1) {
      this.#forget = this.#orders.state.subscribe(() => this.#ordersChanged());
      this.#ordersChanged();
    }
    return () => {
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#forget();
    };
  }

  /** Counts change with new orders, and with those that come to their end. */
  #ordersChanged(): void {
    const orders = this.#orders.between(this.#person.id);
    const asOf = orders.map(({ id, status }) => `${id} ${status === 'completed'}`).join();
    if (asOf === this.#asOf && this.#state.value !== null) return;
    this.#asOf = asOf;
    void this.#load();
  }

  async #load(): Promise<void> {
    const asked = new URLSearchParams({ q: this.#person.name, limit: '200' });
    try {
      const { items } = await this.#api.get<Page<Contact>>(`/v1/contacts?${asked}`);
      this.#state.set(items.find(({ person }) => person.id === this.#person.id) ?? null);
    } catch {
      // Whatever happens next to an order asks again.
    }
  }
}
