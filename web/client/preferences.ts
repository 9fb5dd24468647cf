/** What an account wants to be told, and where; a switch moves at once and back if refused. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Category, DeliveryChannel, PreferenceValues as Values } from './types.ts';

export class Preferences {
  readonly #api: Requests;
  readonly #state = new Store<Values | null>(null);
  #unsaved = 0;

  constructor(api: Requests) {
    this.#api = api;
  }

  /** Null until they are loaded. */
  get state(): Readable<Values | null> {
    return this.#state;
  }

  async load(): Promise<void> {
    this.#state.set(await this.#api.get<Values>('/v1/me/preferences'));
  }

  switch(category: Category, channel: DeliveryChannel, on: boolean): Promise<void> {
    return this.#change(
      ({ categories }) => ({
        categories: { ...categories, [category]: { ...categories[category], [channel]: on } },
      }),
      { categories: { [category]: { [channel]: on } } },
    );
  }

  /** Sets what stands beside the switches: language, time zone, quiet hours, minutes. */
  set(changes: Partial<Omit<Values, 'categories'>>): Promise<void> {
    return this.#change(() => changes, changes);
  }

  /** Shows the change at once, and what the server has once all changes are there. */
  async #change(apply: (known: Values) => Partial<Values>, patch: object): Promise<void> {
    const known = this.#state.value;
    if (!known) return;
    this.#state.set({ ...known, ...apply(known) });
    this.#unsaved += 1;
    try {
      const saved = await this.#api.send<Values>('PATCH', '/v1/me/preferences', patch);
      this.#unsaved -= 1;
      if (this.#unsaved === 0) this.#state.set(saved);
    } catch (error) {
      this.#unsaved -= 1;
      await this.load().catch(() => this.#state.set(known));
      throw error;
    }
  }
}
