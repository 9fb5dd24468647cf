/** `<orderwire-order-actions>`: what one can do with an order now, and what waits for an answer. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Order, OrderAction, OrderPage, PendingRequest } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { Doing } from './doing.ts';
import type { OrderPart } from './happenings.ts';
import { type Icon, icon } from './icons.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import type { Choice } from './menu.ts';
import './menu.ts';
import { otherOf } from './order-parts.ts';
import { firstName } from './order-words.ts';

export class PartWanted extends Event {
  static readonly type = 'part-wanted';
  readonly part: OrderPart;

  constructor(part: OrderPart) {
    super(PartWanted.type, { bubbles: true, composed: true });
    this.part = part;
  }
}

interface Way {
  readonly label: string;
  readonly icon: Icon;
  readonly danger: boolean;
  readonly go: () => void;
}

/** Of these the first that is open is what one most likely came for. */
const PRIMARY: ReadonlySet<OrderAction> = new Set(['submit_requirements', 'deliver', 'accept']);

/** What has a button, in this order; the rest has its place elsewhere on the page. */
const BUTTONS: readonly (readonly [action: OrderAction, icon: Icon])[] = [
  ['submit_requirements', 'list'],
  ['deliver', 'box'],
  ['accept', 'tick'],
  ['request_revision', 'back'],
  ['remind_requirements', 'bell'],
  ['skip_requirements', 'list'],
  ['send_plan', 'plan'],
  ['approve_plan', 'plan'],
  ['request_extension', 'clock'],
  ['cancel', 'cross'],
  ['request_cancellation', 'cross'],
];

@customElement('orderwire-order-actions')
export class OrderwireOrderActions extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      .bar {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      .bar:focus {
        outline: 0;
      }
      .first-danger {
        margin-left: auto;
      }
      .btn.danger {
        border-color: transparent;
        background: none;
      }
      .btn.danger:hover {
        background: var(--hover);
      }
      orderwire-menu {
        display: none;
      }
      .request {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s4);
        margin-bottom: var(--s4);
        padding: var(--s3) var(--s4);
        border-radius: var(--r2);
        background: var(--warn-soft);
      }
      .request .grow {
        min-width: min(260px, 100%);
      }
      .request .meta {
        color: var(--text-2);
      }
      .request b {
        font-weight: 600;
      }
      .reason {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 3;
        overflow: hidden;
      }
      @container order (max-width: 560px) {
        .bar {
          flex-wrap: nowrap;
          justify-content: flex-end;
        }
        .bar > .btn:first-child {
          flex: 1;
          min-width: 0;
          margin: 0;
          justify-content: center;
          border-color: var(--line);
        }
        .bar > .btn:not(:first-child) {
          display: none;
        }
        orderwire-menu {
          display: block;
        }
        .request {
          margin-bottom: var(--s3);
        }
      }
    `,
  ];

  @property({ attribute: false }) order: OrderPage | null = null;
  readonly #live = new Live(this);
  readonly #doing = new Doing(this);

  override render() {
    const { order } = this;
    if (!order) return nothing;
    return this.#live.with(
      (connection) => html`${this.#request(order, connection)} ${this.#bar(order, connection)}
      ${this.#doing.render(connection)}`,
    );
  }

  #bar(order: OrderPage, connection: Connection) {
    const { language } = connection;
    const ways = this.#ways(order, connection);
    if (ways.length === 0) return nothing;
    const primary = ways.find(({ action }) => PRIMARY.has(action));
    const others = ways.filter((one) => one !== primary);
    // On a phone one of them has a button, the rest are behind another.
    const behind = primary ? others : others.slice(1);
    const firstDanger = others.find(({ danger }) => danger);
    return html`<div class="bar" role="group" aria-label=${language.t('actions.label')}>
      ${primary ? this.#button(primary, 'primary') : nothing}
      ${others.map((one) =>
        this.#button(
          one,
          `${one.danger ? 'danger' : ''} ${one === firstDanger ? 'first-danger' : ''}`,
        ),
      )}
      ${behind.length > 0 ? this.#menu(behind, language.t('actions.more')) : nothing}
    </div>`;
  }

  #button({ label, icon: sign, go }: Way, tone: string): TemplateResult {
    return html`<button
      class="btn ${tone}"
      type="button"
      ?disabled=${this.#doing.busy}
      @click=${go}
    >
      ${tone === 'primary' ? icon(sign) : nothing}<span class="clip">${label}</span>
    </button>`;
  }

  #menu(ways: readonly Way[], label: string): TemplateResult {
    const choices: Choice[] = ways.map((one) => ({
      name: one.label,
      icon: one.icon,
      choose: one.go,
    }));
    return html`<orderwire-menu .choices=${choices} label=${label}></orderwire-menu>`;
  }

  #ways(order: OrderPage, connection: Connection): (Way & { action: OrderAction })[] {
    const { client, language } = connection;
    const name = firstName(otherOf(order, client.account).name);
    return BUTTONS.filter(([action]) => hasButton(action, order)).map(([action, sign]) => ({
      action,
      icon: sign,
      danger: sign === 'cross',
      label:
        action === 'approve_plan'
          ? language.t('action.look_at_plan')
          : (language.find(`action.${action}`, { name }) ?? action),
      go: () => this.#go(action, order, connection),
    }));
  }

  /** Forms have a place of their own; all else is done here. */
  #go(action: OrderAction, order: Order, connection: Connection): void {
    if (action === 'submit_requirements') this.dispatchEvent(new PartWanted('requirements'));
    else if (action === 'approve_plan') this.dispatchEvent(new PartWanted('plan'));
    else this.#doing.start(action, order, connection);
  }

  #request(order: Order, connection: Connection) {
    const { language, clock } = connection;
    const { pending_request: request } = order;
    if (!request) return nothing;
    const left = Date.parse(request.expires_at) - this.#live.read(clock);
    const end = language.t(`request.${request.kind}.end`, {
      date: language.moment(request.expires_at),
      duration: language.duration(left),
    });
    return html`<section class="request" aria-label=${language.t('request.label')}>
      <div class="grow">
        <b dir="auto">${asked(request, order, connection)}</b>
        ${request.reason ? html`<p class="small prose reason" dir="auto">${request.reason}</p>` : nothing}
        <div class="meta">${end}</div>
      </div>
      ${(['accept_request', 'decline_request', 'withdraw_request'] as const)
        .filter((action) => order.available_actions.includes(action))
        .map((action) => this.#answer(action, order, connection))}
    </section>`;
  }

  #answer(
    action: 'accept_request' | 'decline_request' | 'withdraw_request',
    order: Order,
    connection: Connection,
  ): TemplateResult {
    return html`<button
      class="btn s ${action === 'accept_request' ? 'primary' : ''}"
      type="button"
      ?disabled=${this.#doing.busy}
      @click=${() => this.#doing.start(action, order, connection)}
    >
      ${connection.language.t(`action.${action}`)}
    </button>`;
  }
}

/** Whether there is anything to show. */
export function hasActions(order: OrderPage): boolean {
  return order.pending_request !== null || BUTTONS.some(([action]) => hasButton(action, order));
}

function asked({ kind, by, days }: PendingRequest, order: Order, connection: Connection): string {
  const { client, language } = connection;
  const whose = by === client.account ? 'mine' : 'theirs';
  const name = firstName(otherOf(order, client.account).name);
  if (kind === 'cancellation') return language.t(`request.cancellation.${whose}`, { name });
  return language.n(`request.extension.${whose}`, days, { name });
}

function hasButton(action: OrderAction, { available_actions, plan }: OrderPage): boolean {
  if (!available_actions.includes(action)) return false;
  // Whoever can cancel need not ask.
  if (action === 'request_cancellation') return !available_actions.includes('cancel');
  if (action !== 'send_plan') return true;
  if (!plan?.tasks.length) return false;
  return plan.approval === 'none' || plan.approval === 'returned';
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-order-actions': OrderwireOrderActions;
  }
}
