/** `<orderwire-orders-page>`: one's orders, those that need somebody first. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { isActive, type Order, type Role } from '../../client/index.ts';
import '../../components/avatar.ts';
import type { Connection } from '../../components/connection.ts';
import { icon } from '../../components/icons.ts';
import { Live } from '../../components/live.ts';
import { look } from '../../components/look.ts';
import { otherOf } from '../../components/order-parts.ts';
import { isLate, statusOf, timeLeft } from '../../components/order-words.ts';
import { tabBar, tabPanel } from '../../components/tabs.ts';
import { emptyItem, Virtual } from '../../components/virtual.ts';
import { pageStyles } from './page-styles.ts';

const FILTERS = ['all', 'active', 'late', 'delivered', 'closed'] as const;
type Filter = (typeof FILTERS)[number];

const SHOWN: Readonly<Record<Filter, (order: Order, now: number) => boolean>> = {
  all: () => true,
  active: ({ status }) => isActive(status),
  late: isLate,
  delivered: ({ status }) => status === 'delivered',
  closed: ({ status }) => !isActive(status),
};

/** With fewer rows than this, a filter asks for more. */
const ENOUGH = 20;
const NEAR_END_PX = 400;
const ROW_PX = 65;

@customElement('orderwire-orders-page')
export class OrderwireOrdersPage extends LitElement {
  static override styles = [
    look,
    pageStyles,
    css`
      .chips {
        margin: var(--s3) -10px var(--s2);
      }
      .columns,
      .order {
        display: grid;
        grid-template-columns: minmax(0, 2.2fr) minmax(0, 1.4fr) minmax(0, 1.2fr) 96px;
        gap: var(--s4);
        align-items: center;
      }
      .columns {
        padding: var(--s2) 0;
        border-bottom: 1px solid var(--line);
        font: 500 var(--t-meta) var(--font);
        color: var(--text-3);
      }
      .order {
        color: inherit;
        padding: var(--s3) 0;
        border-bottom: 1px solid var(--line);
        transition: background var(--fast);
      }
      .order:hover {
        background: var(--hover);
      }
      .order:focus-visible {
        outline-offset: -2px;
      }
      .name {
        font-weight: 500;
      }
      .late {
        color: var(--bad);
      }
      .price {
        text-align: right;
      }
      @media (max-width: 720px) {
        .columns {
          display: none;
        }
        .order {
          grid-template-columns: minmax(0, 1fr) auto;
          gap: 2px var(--s3);
        }
        .when {
          grid-row: 2;
          grid-column: 1 / -1;
          display: flex;
          flex-wrap: wrap;
          gap: 0 var(--s2);
          padding-left: 48px;
        }
        .standing {
          grid-row: 3;
          grid-column: 1 / -1;
          padding-left: 48px;
        }
        .price {
          grid-row: 1;
          grid-column: 2;
        }
      }
    `,
  ];

  @state() private chosen: Role | null = null;
  @state() private filter: Filter = 'all';
  readonly #live = new Live(this);
  readonly #virtual = new Virtual(this, ROW_PX);

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('scroll', this.#nearEnd);
  }

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const { loads } = this.#live.read(client.orders.state);
      const role = this.#role(connection);
      return html`<div class="inner">
        <div class="headline"><h1 class="title">${language.t('orders.title')}</h1></div>
        ${tabBar({
          label: language.t('orders.sides'),
          tabs: [
            { id: 'seller', name: language.t('orders.selling') },
            { id: 'buyer', name: language.t('orders.buying') },
          ],
          selected: role,
          select: (side: Role) => {
            this.chosen = side;
          },
        })}
        ${tabPanel(role, loads > 0 ? this.#list(role, connection) : nothing)}
      </div>`;
    });
  }

  /** Sellers look at what they sell, unless they say otherwise. */
  #role({ client }: Connection): Role {
    const me = this.#live.read(client.me.state);
    return this.chosen ?? (me?.is_seller === false ? 'buyer' : 'seller');
  }

  #list(role: Role, connection: Connection): TemplateResult {
    const { client, language } = connection;
    const now = this.#live.read(connection.clock);
    const all = client.orders.as(role);
    const shown = all.filter((order) => SHOWN[this.filter](order, now));
    if (shown.length < ENOUGH) void client.orders.loadMore(role).catch(askedAgainLater);
    if (all.length === 0) {
      const words = role === 'seller' ? 'orders.empty.selling' : 'orders.empty.buying';
      return html`<div class="blank">${icon('order')}${language.t(words)}</div>`;
    }
    const { from, to, before, after } = this.#virtual.of(shown.map(({ id }) => id));
    return html`<div class="chips" role="group" aria-label=${language.t('orders.filters')}>
        ${FILTERS.map((filter) => this.#chip(filter, connection))}
      </div>
      <div class="columns" aria-hidden="true">
        <span>${language.t('orders.order')}</span>
        <span>${language.t('orders.status')}</span>
        <span>${language.t('orders.due')}</span>
        <span class="price">${language.t('orders.price')}</span>
      </div>
      <ul data-rows aria-label=${language.t('orders.title')}>
        ${emptyItem(before)}
        ${repeat(
          shown.slice(from, to),
          ({ id }) => id,
          (order) => this.#row(order, connection, now),
        )}
        ${emptyItem(after)}
      </ul>
      ${
        shown.length === 0
          ? html`<div class="blank">${icon('order')}${language.t('orders.empty.filter')}</div>`
          : nothing
      }`;
  }

  #chip(filter: Filter, { language }: Connection): TemplateResult {
    const choose = () => {
      this.filter = filter;
    };
    return html`<button type="button" aria-pressed=${this.filter === filter} @click=${choose}>
      ${language.t(`orders.filter.${filter}`)}
    </button>`;
  }

  #row(order: Order, { client, language, links }: Connection, now: number): TemplateResult {
    const other = otherOf(order, client.account);
    const status = statusOf(order, language);
    const left = timeLeft(order, language, now);
    return html`<li data-row=${order.id}>
      <a class="order" href=${links.order(order.id)}>
        <div class="row">
          <orderwire-avatar .person=${other}></orderwire-avatar>
          <div class="grow">
            <div class="name clip" dir="auto">${order.service.title}</div>
            <div class="small clip" dir="auto">${order.number} · ${other.name}</div>
          </div>
        </div>
        <div class="standing">
          <span class="status ${status.tone}">${status.text}</span>
        </div>
        <div class="when">
          <div>${order.due_at && isActive(order.status) ? language.moment(order.due_at) : '–'}</div>
          ${left ? html`<div class="small ${isLate(order, now) ? 'late' : ''}">${left}</div>` : nothing}
        </div>
        <div class="price">${language.money(order.price)}</div>
      </a>
    </li>`;
  }

  #nearEnd(): void {
    if (this.scrollHeight - this.scrollTop - this.clientHeight > NEAR_END_PX) return;
    const connection = this.#live.connection;
    if (!connection) return;
    void connection.client.orders.loadMore(this.#role(connection)).catch(askedAgainLater);
  }
}

/** By the next scroll, or by the reload that follows a lost connection. */
function askedAgainLater(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-orders-page': OrderwireOrdersPage;
  }
}
