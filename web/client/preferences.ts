/** What an account wants to be told, and where; a switch moves at once and back if refused. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Category, DeliveryChannel, Preferences as Values } from './types.ts';

export class Preferences {
  readonly #api: Requests;
  readonly #state = new Store<Values | null>(null);

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
    const known = this.#state.value;
    if (!known) return Promise.resolve();
    const categories = {
      ...known.categories,
      [category]: { ...known.categories[category], [channel]: on },
    };
    return this.#save({ ...known, categories }, { categories: { [category]: { [channel]: on } } });
  }

  speak(locale: string): Promise<void> {
    const known = this.#state.value;
    return known ? this.#save({ ...known, locale }, { locale }) : Promise.resolve();
  }

  async #save(wanted: Values, patch: object): Promise<void> {
    const before = this.#state.value;
    this.#state.set(wanted);
    try {
      this.#state.set(await this.#api.send<Values>('PATCH', '/v1/me/preferences', patch));
    } catch (error) {
      if (this.#state.value === wanted) this.#state.set(before);
      throw error;
    }
  }
}
