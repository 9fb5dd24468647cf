/** `<orderwire-order>`: the page of one order, with its thread. */

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { Order, OrderPage } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import type { OrderPart } from './happenings.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import './notes.ts';
import { PartWanted } from './order-actions.ts';
import './order-actions.ts';
import {
  factsOf,
  historyOf,
  latestOf,
  otherOf,
  personOf,
  sideStyles,
  togetherOf,
} from './order-parts.ts';
import { stepStyles, stepsOf } from './order-steps.ts';
import { orderStyles } from './order-styles.ts';
import { isLate, statusOf } from './order-words.ts';
import './plan.ts';
import './requirements.ts';
import { type Tab, tabBar, tabPanel } from './tabs.ts';
import type { OrderwireThread } from './thread.ts';
import './thread.ts';
import { TextSuggested } from './welcome.ts';
import './welcome.ts';

type TabId = 'thread' | OrderPart;

@customElement('orderwire-order')
export class OrderwireOrder extends LitElement {
  static override styles = [look, sideStyles, stepStyles, orderStyles];

  @property() order = '';
  /** What is shown of it; null for its thread. */
  @property() tab: OrderPart | null = null;
  @query('orderwire-thread') private thread!: OrderwireThread | null;
  readonly #live = new Live(this);

  constructor() {
    super();
    this.addEventListener(PartWanted.type, (event) => this.#show((event as PartWanted).part));
    this.addEventListener(TextSuggested.type, (event) =>
      this.#suggest((event as TextSuggested).text),
    );
  }

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
    const tabs = tabsOf(order, language);
    const selected = tabs.find(({ id }) => id === this.tab)?.id ?? 'thread';
    return html`<div class="layout">
      <div class="main">
        ${this.#head(order, connection)} ${stepsOf(order, language)}
        <orderwire-order-actions .order=${order}></orderwire-order-actions>
        <orderwire-welcome compact .order=${order}></orderwire-welcome>
        ${tabBar({
          label: language.t('order.sections'),
          tabs,
          selected,
          select: (tab) => this.#show(tab === 'thread' ? null : tab),
        })}
        ${tabPanel(selected, this.#panel(selected, order, connection))}
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

  #panel(tab: TabId, order: OrderPage, connection: Connection) {
    switch (tab) {
      case 'thread':
        return html`<orderwire-thread
          embedded
          .conversation=${order.conversation_id}
        ></orderwire-thread>`;
      case 'requirements':
        return html`<orderwire-requirements .order=${order}></orderwire-requirements>`;
      case 'plan':
        return html`<orderwire-plan .order=${order}></orderwire-plan>`;
      case 'history':
        return historyOf(order, connection);
      case 'details':
        return html`<div class="side">
          ${this.#side(order, connection)}
          <section>
            ${factsOf(order, connection.language, this.#live.read(connection.clock))}
          </section>
        </div>`;
    }
  }

  #side(order: OrderPage, connection: Connection) {
    const { client } = connection;
    const other = otherOf(order, client.account);
    const together = this.#live.keep(client.together(other));
    return html`${personOf(other, connection)}
      ${
        order.welcome
          ? html`<section class="first"><orderwire-welcome .order=${order}></orderwire-welcome></section>`
          : nothing
      }
      ${togetherOf(this.#live.read(together.state), connection)} ${latestOf(order, connection)}
      <section><orderwire-notes .order=${order}></orderwire-notes></section>`;
  }

  #show(part: OrderPart | null): void {
    this.tab = part;
    this.dispatchEvent(new Event('part-shown'));
  }

  async #suggest(text: string): Promise<void> {
    this.#show(null);
    await this.updateComplete;
    this.thread?.suggest(text);
  }
}

function tabsOf({ requirements, plan }: OrderPage, language: Language): Tab<TabId>[] {
  const { status, answered, total } = requirements;
  const done = plan?.tasks.filter((task) => task.done).length ?? 0;
  const tasks = plan?.tasks.length ?? 0;
  const count = (part: number, of: number) =>
    of > 0 ? language.t('order.requirements.count', { answered: part, total: of }) : '';
  const tabs: Tab<TabId>[] = [
    { id: 'thread', name: language.t('order.thread') },
    {
      id: 'requirements',
      name: language.t('order.requirements'),
      count: count(answered, total),
    },
    { id: 'plan', name: language.t('order.plan'), count: count(done, tasks) },
    { id: 'history', name: language.t('order.history') },
    { id: 'details', name: language.t('order.details') },
  ];
  return status === 'none' ? tabs.filter(({ id }) => id !== 'requirements') : tabs;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-order': OrderwireOrder;
  }
}
