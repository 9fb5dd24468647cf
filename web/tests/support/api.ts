/** The HTTP API in the tests' hands: each request waits until it is answered. */

import type { Requests } from '../../client/api.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  answer(value: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
}

export class FakeApi implements Requests {
  readonly #open: Asked[] = [];
  readonly log: string[] = [];

  get<T>(path: string): Promise<T> {
    return this.#ask<T>('GET', path);
  }

  send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#ask<T>(method, path, body);
  }

  /** Takes the oldest request whose path contains `part`. */
  asked(part: string): Asked {
    const at = this.#open.findIndex(({ path }) => path.includes(part));
    const [found] = at < 0 ? [] : this.#open.splice(at, 1);
    if (!found) throw new Error(`nobody asked for ${part}; asked was ${this.log.join(', ')}`);
    return found;
  }

  isAsked(part: string): boolean {
    return this.#open.some(({ path }) => path.includes(part));
  }

  #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    this.log.push(`${method} ${path}`);
    return new Promise<T>((resolve, reject) => {
      this.#open.push({
        method,
        path,
        body,
        answer: (value) => settled(() => resolve(value as T)),
        fail: (error) => settled(() => reject(error)),
      });
    });
  }
}

async function settled(act: () => void): Promise<void> {
  act();
  await turns();
}

/** Lets all that is ready happen, timers aside. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
