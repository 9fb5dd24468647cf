/** `<orderwire-order>`: the page of one order, with its thread. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Order, OrderPage } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import { icon } from './icons.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { factsOf, historyOf, latestOf, otherOf, personOf, sideStyles } from './order-parts.ts';
import { stepStyles, stepsOf } from './order-steps.ts';
import { isLate, statusOf } from './order-words.ts';
import { tabBar, tabPanel } from './tabs.ts';
import './thread.ts';

const TABS = ['thread', 'history', 'details'] as const;
type TabId = (typeof TABS)[number];

@customElement('orderwire-order')
export class OrderwireOrder extends LitElement {
  static override styles = [
    look,
    sideStyles,
    stepStyles,
    css`
      :host {
        display: block;
        min-height: 0;
        background: var(--bg);
        container: order / inline-size;
      }
      .blank {
        height: 100%;
      }
      .layout {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 320px;
        height: 100%;
        min-height: 0;
      }
      .main {
        --edge: var(--s5);
        display: flex;
        flex-direction: column;
        min-height: 0;
        width: 100%;
        max-width: 1040px;
        margin: 0 auto;
        padding: var(--s6) var(--s6) 0;
      }
      .side {
        border-left: 1px solid var(--line);
      }
      .headline {
        display: flex;
        align-items: flex-start;
        gap: var(--s5);
      }
      h1 {
        margin: var(--s1) 0 var(--s2);
        overflow-wrap: anywhere;
      }
      .due {
        flex: none;
        text-align: right;
        min-height: 72px;
      }
      .due b {
        display: block;
        font: 600 var(--t-figure) var(--font);
        letter-spacing: -0.02em;
        color: var(--text);
      }
      .due .late {
        color: var(--bad);
      }
      .who .status {
        flex: none;
      }
      .steps {
        margin: var(--s5) 0;
      }
      .panel {
        flex: 1;
        min-height: 0;
        display: flex;
        flex-direction: column;
        overflow: auto;
        /* The thread's own edge stands over the page's. */
        margin: 0 calc(-1 * var(--edge));
      }
      .panel > .history,
      .panel > .side {
        padding: var(--s5) var(--edge);
        border: 0;
        overflow: visible;
      }
      orderwire-thread {
        flex: 1;
      }
      .back,
      #tab-details {
        display: none;
      }
      @container order (max-width: 960px) {
        .layout {
          grid-template-columns: minmax(0, 1fr);
        }
        .layout > .side {
          display: none;
        }
        #tab-details {
          display: block;
        }
      }
      @container order (max-width: 560px) {
        .main {
          --edge: var(--s4);
          padding: var(--s3) var(--s4) 0;
        }
        .headline {
          flex-direction: column;
          gap: var(--s2);
        }
        .headline > * {
          width: 100%;
        }
        h1 {
          margin: 0 0 var(--s1);
        }
        .due {
          display: flex;
          flex-wrap: wrap;
          align-items: baseline;
          gap: 0 var(--s2);
          text-align: start;
          min-height: 20px;
        }
        .due b {
          font: inherit;
          font-weight: 600;
          letter-spacing: 0;
        }
        .steps {
          margin: var(--s3) 0 0;
        }
        .steps li {
          padding: 0;
        }
        .steps li > * {
          display: none;
        }
        .back {
          display: inline-grid;
          margin: -6px 0 -6px calc(-1 * var(--s2));
        }
      }
    `,
  ];

  @property() order = '';
  @state() private tab: TabId = 'thread';
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      const shown = this.#live.read(this.#live.keep(connection.client.order(this.order)).state);
      // Read here, that orders together and what was last said stay as they are.
      this.#live.read(connection.client.orders.state);
      this.#live.read(connection.client.inbox.state);
      if (shown.phase === 'gone') return this.#gone(connection);
      return shown.phase === 'ready' ? this.#page(shown.order, connection) : nothing;
    });
  }

  #gone({ language }: Connection): TemplateResult {
    return html`<div class="blank" role="status">${icon('order')}${language.t('order.gone')}</div>`;
  }

  #page(order: OrderPage, connection: Connection): TemplateResult {
    const { language } = connection;
    const names: Readonly<Record<TabId, string>> = {
      thread: language.t('order.thread'),
      history: language.t('order.history'),
      details: language.t('order.details'),
    };
    return html`<div class="layout">
      <div class="main">
        ${this.#head(order, connection)} ${stepsOf(order, language)}
        ${tabBar({
          label: language.t('order.sections'),
          tabs: TABS.map((id) => ({ id, name: names[id] })),
          selected: this.tab,
          select: (tab) => {
            this.tab = tab;
          },
        })}
        ${tabPanel(this.tab, this.#panel(order, connection))}
      </div>
      <aside class="side" aria-label=${language.t('order.about')}>
        ${this.#side(order, connection)}
      </aside>
    </div>`;
  }

  #head(order: OrderPage, connection: Connection): TemplateResult {
    const { client, language, links } = connection;
    const { number, service, price, created_at } = order;
    const other = otherOf(order, client.account);
    const status = statusOf(order, language);
    return html`<header class="headline">
      <div class="grow">
        <div class="row small">
          <a class="icon back" href=${links.orders} aria-label=${language.t('back')}
            >${icon('back')}</a
          >
          <span class="clip"
            >${language.t('order.placed', { number, date: language.moment(created_at) })}</span
          >
        </div>
        <h1 class="title" dir="auto">${service.title}</h1>
        <div class="row who">
          <orderwire-avatar size="s" .person=${other}></orderwire-avatar>
          <span class="clip" dir="auto">${other.name}</span><span class="meta">·</span>
          <span>${language.money(price)}</span><span class="meta">·</span>
          <span class="status ${status.tone}">${status.text}</span>
        </div>
      </div>
      ${this.#due(order, connection)}
    </header>`;
  }

  #due(order: Order, connection: Connection): TemplateResult {
    const { language } = connection;
    const now = this.#live.read(connection.clock);
    const until = (at: string) => language.duration(Date.parse(at) - now);
    if (order.status === 'delivered' && order.review_ends_at) {
      return html`<div class="due small">
        ${language.t('order.review.at', { date: language.moment(order.review_ends_at) })}
        <b>${until(order.review_ends_at)}</b>
      </div>`;
    }
    if (order.status === 'completed' || order.status === 'cancelled') {
      return html`<div class="due"></div>`;
    }
    if (!order.due_at) {
      return html`<div class="due small">${language.t('order.due.unset')}</div>`;
    }
    const late = isLate(order, now);
    return html`<div class="due small">
      ${language.t('order.due.at', { date: language.moment(order.due_at) })}
      <b class=${late ? 'late' : ''}>${until(order.due_at)}</b>
      <span class=${late ? 'late' : ''}>${language.t(late ? 'order.late' : 'order.on_time')}</span>
    </div>`;
  }

  #panel(order: OrderPage, connection: Connection) {
    switch (this.tab) {
      case 'thread':
        return html`<orderwire-thread
          embedded
          .conversation=${order.conversation_id}
        ></orderwire-thread>`;
      case 'history':
        return historyOf(order, connection);
      case 'details':
        return html`<div class="side">${this.#side(order, connection)}</div>`;
    }
  }

  #side(order: OrderPage, connection: Connection) {
    const { client, language } = connection;
    const other = otherOf(order, client.account);
    const direct = client.inbox.state.value.conversations.find(
      (one) => one.kind === 'direct' && one.with.id === other.id,
    );
    return html`${personOf(other, connection)}
      <section>${factsOf(order, language, this.#live.read(connection.clock))}</section>
      ${latestOf(order, direct, connection)}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-order': OrderwireOrder;
  }
}
