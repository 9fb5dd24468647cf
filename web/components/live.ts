/**
 * The controller through which elements see the connection. What a render reads is watched, what
 * it keeps is open, until a render that does so no more.
 */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { nothing } from 'lit';
import type { Readable } from '../client/index.ts';
import { type Connection, ConnectionRequest } from './connection.ts';

/** Something that is live while it is shown: a thread, the page of an order. */
export interface Openable {
  open(): () => void;
}

export class Live implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  #connection: Readable<Connection | null> | null = null;
  readonly #held = new Map<object, () => void>();
  readonly #wanted = new Set<object>();

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.dispatchEvent(
      new ConnectionRequest((connection) => {
        this.#connection = connection;
      }),
    );
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

  /** Renders once there is a connection. */
  with<T>(render: (connection: Connection) => T): T | typeof nothing {
    const connection = this.#connection && this.read(this.#connection);
    return connection ? render(connection) : nothing;
  }

  get connection(): Connection | null {
    return this.#connection?.value ?? null;
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
