/** Parts of an order's page that stand in several places: facts, history, the other person. */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Contact, Message, Order, OrderPage, Person, TimelineEntry } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import { happeningOf, nameOf } from './happenings.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { dotted, isLate, requirementsOf, timeLeft } from './order-words.ts';

export const sideStyles = css`
  .side {
    overflow: auto;
    padding: var(--s5);
    display: flex;
    flex-direction: column;
    gap: var(--s5);
  }
  .side section + section {
    border-top: 1px solid var(--line);
    padding-top: var(--s5);
  }
  .side .label {
    margin-bottom: var(--s3);
  }
  .side a.btn {
    margin: var(--s2) 0 0 calc(-1 * var(--s3));
  }
  .quotes {
    display: grid;
    gap: var(--s2);
  }
  .quotes p {
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .history {
    display: grid;
    gap: var(--s3);
  }
  .history li {
    display: flex;
    gap: var(--s3);
    color: var(--text-3);
  }
  .history span {
    color: var(--text);
    overflow-wrap: anywhere;
  }
  .history p {
    margin: 2px 0;
  }
  .late {
    color: var(--bad);
  }
`;

/** The other side of an order. */
export function otherOf(order: Order, account: string): Person {
  return order.seller.id === account ? order.buyer : order.seller;
}

export function factsOf(order: Order, language: Language, now: number): TemplateResult {
  const late = isLate(order, now) ? 'late' : '';
  return html`<dl class="facts">
    <dt>${language.t('order.due')}</dt>
    <dd class=${late}>
      ${order.due_at ? language.moment(order.due_at) : language.t('step.waiting')}
      <div class="small ${late}">${timeLeft(order, language, now)}</div>
    </dd>
    <dt>${language.t('order.ordered')}</dt>
    <dd>${language.moment(order.created_at)}</dd>
    <dt>${language.t('order.requirements')}</dt>
    <dd>${requirementsOf(order.requirements, language)}</dd>
  </dl>`;
}

export function historyOf(order: OrderPage, connection: Connection): TemplateResult {
  const newestFirst = [...order.timeline].reverse();
  return html`<ol class="history">
    ${newestFirst.map((entry) => happened(entry, order, connection))}
  </ol>`;
}

function happened(entry: TimelineEntry, order: OrderPage, connection: Connection): TemplateResult {
  const { client, language } = connection;
  const what = { event: entry.type, by: entry.actor, data: entry.data };
  const other = otherOf(order, client.account);
  const { icon: sign, text, said } = happeningOf(what, order.number, other, connection);
  return html`<li>
    ${icon(sign)}
    <div class="grow">
      <span dir="auto">${text}</span>
      ${said ? html`<p class="small prose" dir="auto">${said}</p>` : nothing}
      <div class="meta">${language.moment(entry.at)}</div>
    </div>
  </li>`;
}

/** Who it is, and what one had to do with them. */
export function personOf(person: Person, { client, language }: Connection): TemplateResult {
  const orders = client.orders.between(person.id);
  const first = orders.at(-1);
  const together = first
    ? dotted(
        language.n('together.orders', orders.length),
        language.t('together.since', { date: language.month(first.created_at) }),
      )
    : '';
  return html`<section>
    <div class="row">
      <orderwire-avatar size="l" .person=${person}></orderwire-avatar>
      <div class="grow">
        <h2 class="head clip" dir="auto">${person.name}</h2>
        <div class="small">${together}</div>
      </div>
    </div>
  </section>`;
}

/** What has come of it so far; null as long as that is not known. */
export function togetherOf(contact: Contact | null, { language }: Connection) {
  if (!contact) return nothing;
  const { completed_orders: completed, totals, last_order_at: last } = contact;
  return html`<section>
    <h3 class="label">${language.t('together.title')}</h3>
    <dl class="facts">
      <dt>${language.t('together.completed')}</dt>
      <dd>${completed}</dd>
      <dt>${language.t('together.total')}</dt>
      <dd>${totals.length > 0 ? totals.map((one) => html`<div>${language.money(one)}</div>`) : '–'}</dd>
      <dt>${language.t('together.last')}</dt>
      <dd>${last ? language.dated(last) : '–'}</dd>
    </dl>
  </section>`;
}

/** What was last said with them outside of orders. */
export function latestOf(order: OrderPage, connection: Connection): TemplateResult {
  const { language, links } = connection;
  return html`<section>
    <h3 class="label">${language.t('order.recent')}</h3>
    ${
      order.recent_messages.length > 0
        ? html`<div class="quotes small">
            ${order.recent_messages.map((message) => quote(message, order, connection))}
          </div>`
        : html`<p class="small">${language.t('order.recent.none')}</p>`
    }
    ${
      order.direct_conversation_id
        ? html`<a class="btn quiet s" href=${links.conversation(order.direct_conversation_id)}
            >${language.t('order.conversation')}</a
          >`
        : nothing
    }
  </section>`;
}

function quote(message: Message, order: OrderPage, connection: Connection): TemplateResult {
  const other = otherOf(order, connection.client.account);
  const body = message.deleted_at ? connection.language.t('thread.deleted') : message.body;
  return html`<div>
    <p dir="auto"><b>${nameOf(message.sender, other, connection)}</b> ${body}</p>
    <div class="meta">${connection.language.recent(message.at)}</div>
  </div>`;
}
