/** The time, for countdowns: it ticks only while somebody watches. */

import { type Readable, Store } from '../client/index.ts';

const TICK_MS = 20_000;

export class Clock implements Readable<number> {
  readonly #now = new Store(Date.now());
  #watchers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  get value(): number {
    return Date.now();
  }

  subscribe(listener: (now: number) => void): () => void {
    this.#watchers += 1;
    this.#timer ??= setInterval(() => this.#now.set(Date.now()), TICK_MS);
    const stop = this.#now.subscribe(listener);
    return () => {
      stop();
      this.#rest();
    };
  }

  #rest(): void {
    this.#watchers -= 1;
    if (this.#watchers > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
