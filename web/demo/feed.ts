/** What left the house, as it leaves. */

import { type Readable, Store } from '../client/index.ts';
import type { House, Sent } from './house.ts';

const EVERY_MS = 700;

export interface FeedState {
  /** The newest first. */
  readonly sent: readonly Sent[];
  /** Whether the server answers. */
  readonly reachable: boolean;
}

export class Feed {
  readonly #house: Pick<House, 'sentAfter'>;
  readonly #state = new Store<FeedState>({ sent: [], reachable: true });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor(house: Pick<House, 'sentAfter'>) {
    this.#house = house;
  }

  get state(): Readable<FeedState> {
    return this.#state;
  }

  /** Follows what leaves until the answer is called. */
  open(): () => void {
    this.#running = true;
    void this.#look();
    return () => {
      this.#running = false;
      clearTimeout(this.#timer);
    };
  }

  async #look(): Promise<void> {
    const { sent } = this.#state.value;
    try {
      const news = await this.#house.sentAfter(sent[0]?.n ?? 0);
      const grown = news.length > 0 ? [...[...news].reverse(), ...sent] : sent;
      this.#state.set({ sent: grown, reachable: true });
    } catch {
      this.#state.set({ sent, reachable: false });
    }
    if (this.#running) this.#timer = setTimeout(() => void this.#look(), EVERY_MS);
  }
}
