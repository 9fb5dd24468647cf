/**
 * `<orderwire-connection>`: what its descendants share. They ask for it with a bubbling event, so
 * that it works through shadow roots, whatever is upgraded first.
 */

import { css, html, LitElement, type PropertyValues } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { type Client, type Readable, Store } from '../client/index.ts';
import { Clock } from './clock.ts';
import type { OrderPart } from './happenings.ts';
import { Language } from './language/language.ts';

/** Where things are, on the page that the elements stand in. */
export interface Links {
  /** A conversation, or one message in it. */
  conversation(id: string, seq?: number): string;
  /** The page of an order, or a part of it. */
  order(id: string, part?: OrderPart): string;
  readonly inbox: string;
  readonly orders: string;
}

export interface Connection {
  readonly client: Client;
  readonly language: Language;
  readonly links: Links;
  readonly clock: Readable<number>;
}

export class ConnectionRequest extends Event {
  static readonly type = 'orderwire-connection-request';
  readonly receive: (connection: Readable<Connection | null>) => void;

  constructor(receive: (connection: Readable<Connection | null>) => void) {
    super(ConnectionRequest.type, { bubbles: true, composed: true });
    this.receive = receive;
  }
}

const LINKS: Links = {
  conversation: (id, seq) => `/inbox/${encodeURIComponent(id)}${seq ? `/${seq}` : ''}`,
  order: (id, part) => `/orders/${encodeURIComponent(id)}${part ? `/${part}` : ''}`,
  inbox: '/',
  orders: '/orders',
};

export const CONNECTION = 'orderwire-connection';

@customElement(CONNECTION)
export class OrderwireConnection extends LitElement {
  static override styles = css`
    :host {
      display: contents;
    }
  `;

  @property({ attribute: false }) client: Client | null = null;
  @property({ attribute: false }) links: Links = LINKS;
  @property() locale = navigator.language;

  readonly #connection = new Store<Connection | null>(null);
  readonly #clock = new Clock();

  constructor() {
    super();
    this.addEventListener(ConnectionRequest.type, (event) => {
      event.stopPropagation();
      (event as ConnectionRequest).receive(this.#connection);
    });
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client') && !changed.has('links') && !changed.has('locale')) return;
    const { client, links, locale } = this;
    const language = new Language(locale);
    this.#connection.set(client && { client, links, language, clock: this.#clock });
  }

  override render() {
    return html`<slot></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-connection': OrderwireConnection;
  }
}
