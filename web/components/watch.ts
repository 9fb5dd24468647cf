/**
 * The controller through which elements see stores. What a render reads is watched, what it keeps
 * is open, until a render that does so no more.
 */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Readable } from '../client/index.ts';

/** Something that is live while it is shown: a thread, the page of an order. */
export interface Openable {
  open(): () => void;
}

export class Watch implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #held = new Map<object, () => void>();
  readonly #wanted = new Set<object>();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.requestUpdate();
  }

  hostDisconnected(): void {
    for (const release of this.#held.values()) release();
    this.#held.clear();
  }

  hostUpdate(): void {
    this.#wanted.clear();
  }

  hostUpdated(): void {
    for (const [thing, release] of this.#held) {
      if (this.#wanted.has(thing)) continue;
      this.#held.delete(thing);
      release();
    }
  }

  /** Reads a store in a render, and renders again when it changes. */
  read<T>(store: Readable<T>): T {
    this.#hold(store, () => store.subscribe(() => this.#host.requestUpdate()));
    return store.value;
  }

  /** Keeps something open for as long as renders say so. */
  keep<T extends Openable>(thing: T): T {
    this.#hold(thing, () => thing.open());
    return thing;
  }

  #hold(thing: object, take: () => () => void): void {
    this.#wanted.add(thing);
    if (!this.#held.has(thing)) this.#held.set(thing, take());
  }
}
