/** `<orderwire-about>`: what a conversation is about, beside it: its order, or its person. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Conversation, Order, Person } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { LinkWanted } from './link-wanted.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import './notes.ts';
import { hasActions, type PartWanted } from './order-actions.ts';
import './order-actions.ts';
import { factsOf, otherOf, personOf, sideStyles, togetherOf } from './order-parts.ts';
import { dotted, lineOf, statusOf } from './order-words.ts';

@customElement('orderwire-about')
export class OrderwireAbout extends LitElement {
  static override styles = [
    look,
    sideStyles,
    css`
      :host {
        display: block;
        min-height: 0;
        overflow: auto;
        background: var(--bg);
      }
      .orders {
        display: grid;
        gap: var(--s3);
      }
      .orders a {
        display: block;
        color: inherit;
      }
      .orders a:hover b {
        color: var(--accent);
      }
      b {
        font-weight: 500;
      }
      .name {
        margin-top: var(--s3);
        overflow-wrap: anywhere;
      }
      .facts {
        margin-top: var(--s3);
      }
    `,
  ];

  @property() conversation = '';
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      this.#live.read(connection.client.inbox.state);
      this.#live.read(connection.client.orders.state);
      const conversation = connection.client.inbox.find(this.conversation);
      if (!conversation) return nothing;
      return html`<div class="side">
        ${
          conversation.order_id
            ? this.#order(conversation.order_id, connection)
            : this.#person(conversation, connection)
        }
      </div>`;
    });
  }

  #order(id: string, connection: Connection) {
    const { client, language, links, clock } = connection;
    const shown = this.#live.read(this.#live.keep(client.order(id)).state);
    if (shown.phase !== 'ready') return nothing;
    const { order } = shown;
    const status = statusOf(order, language);
    return html`<section>
        <div class="row">
          <span class="status grow ${status.tone}">${status.text}</span>
          <a href=${links.order(id)}>${language.t('order.open')}</a>
        </div>
        <h2 class="head name" dir="auto">${order.service.title}</h2>
        <div class="small">${dotted(order.number, language.money(order.price))}</div>
        ${factsOf(order, language, this.#live.read(clock))}
      </section>
      ${
        hasActions(order)
          ? html`<section>
              <h3 class="label">${language.t('order.next')}</h3>
              <orderwire-order-actions
                .order=${order}
                @part-wanted=${({ part }: PartWanted) =>
                  this.dispatchEvent(new LinkWanted(links.order(id, part)))}
              ></orderwire-order-actions>
            </section>`
          : nothing
      }
      ${this.#together(otherOf(order, client.account), connection)}
      <section><orderwire-notes .order=${order}></orderwire-notes></section>`;
  }

  #person({ with: person }: Conversation, connection: Connection): TemplateResult {
    const { client, language } = connection;
    const orders = client.orders.between(person.id);
    return html`${personOf(person, connection)} ${this.#together(person, connection)}
    ${
      orders.length > 0
        ? html`<section>
            <h3 class="label">${language.t('together.orders')}</h3>
            <ul class="orders">
              ${orders.map((order) => this.#link(order, connection))}
            </ul>
          </section>`
        : nothing
    }`;
  }

  #together(person: Person, connection: Connection) {
    const together = this.#live.keep(connection.client.together(person));
    return togetherOf(this.#live.read(together.state), connection);
  }

  #link(order: Order, { language, links, clock }: Connection): TemplateResult {
    const { tone, text } = lineOf(order, language, this.#live.read(clock));
    return html`<li>
      <a href=${links.order(order.id)}>
        <b dir="auto">${order.service.title}</b>
        <div class="status ${tone}"><span class="clip">${text}</span></div>
      </a>
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-about': OrderwireAbout;
  }
}
