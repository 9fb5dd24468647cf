/** Who is writing at this moment, and how often we say that we are. */

import { type Readable, Store } from './observable.ts';
import type { Typing } from './types.ts';

/** A little more than the server's two seconds: it drops what comes sooner. */
const SAID_EVERY_MS = 2_100;

/** Those who write; each falls silent by themselves when nothing more is heard. */
export class Typists {
  readonly #me: string;
  readonly #writing = new Store<readonly string[]>([]);
  readonly #ends = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(me: string) {
    this.#me = me;
  }

  /** Accounts, in the order in which they began. */
  get writing(): Readable<readonly string[]> {
    return this.#writing;
  }

  heard({ account, typing, expires_in }: Typing): void {
    if (account === this.#me) return;
    if (!typing) {
      this.stopped(account);
      return;
    }
    clearTimeout(this.#ends.get(account));
    this.#ends.set(
      account,
      setTimeout(() => this.stopped(account), expires_in * 1_000),
    );
    if (this.#writing.value.includes(account)) return;
    this.#writing.set([...this.#writing.value, account]);
  }

  stopped(account: string): void {
    clearTimeout(this.#ends.get(account));
    this.#ends.delete(account);
    if (!this.#writing.value.includes(account)) return;
    this.#writing.set(this.#writing.value.filter((other) => other !== account));
  }

  allStopped(): void {
    for (const account of this.#writing.value) this.stopped(account);
  }
}

/** Says that we write: at once, then now and then, and once when we stop. */
export class OwnTyping {
  readonly #say: (typing: boolean) => void;
  #writing = false;
  #saidAt = Number.NEGATIVE_INFINITY;
  /** Waits until others may be told again. */
  #waits: ReturnType<typeof setTimeout> | undefined;

  constructor(say: (typing: boolean) => void) {
    this.#say = say;
  }

  go(): void {
    const left = this.#saidAt + SAID_EVERY_MS - Date.now();
    if (left <= 0) this.#sayIt();
    else this.#waits ??= setTimeout(() => this.#sayIt(), left);
  }

  stop(): void {
    this.#waitNoMore();
    if (!this.#writing) return;
    this.#writing = false;
    this.#say(false);
  }

  /** The message itself says that we are done. */
  sent(): void {
    this.#waitNoMore();
    this.#writing = false;
  }

  #sayIt(): void {
    this.#waitNoMore();
    this.#saidAt = Date.now();
    this.#writing = true;
    this.#say(true);
  }

  #waitNoMore(): void {
    clearTimeout(this.#waits);
    this.#waits = undefined;
  }
}
