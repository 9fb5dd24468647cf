/** The controller through which elements see the connection that they stand in. */

import { nothing, type ReactiveControllerHost } from 'lit';
import type { Readable } from '../client/index.ts';
import { CONNECTION, type Connection, ConnectionRequest } from './connection.ts';
import { Watch } from './watch.ts';

export class Live extends Watch {
  readonly #element: ReactiveControllerHost & HTMLElement;
  #connection: Readable<Connection | null> | null = null;

  constructor(element: ReactiveControllerHost & HTMLElement) {
    super(element);
    this.#element = element;
  }

  override hostConnected(): void {
    this.#ask();
    // In a page of plain HTML the connection may come to life after those that ask for it.
    if (!this.#connection) void customElements.whenDefined(CONNECTION).then(() => this.#ask());
  }

  /** Renders once there is a connection. */
  with<T>(render: (connection: Connection) => T): T | typeof nothing {
    const connection = this.#connection && this.read(this.#connection);
    return connection ? render(connection) : nothing;
  }

  get connection(): Connection | null {
    return this.#connection?.value ?? null;
  }

  #ask(): void {
    this.#element.dispatchEvent(
      new ConnectionRequest((connection) => {
        this.#connection = connection;
      }),
    );
    this.#element.requestUpdate();
  }
}
