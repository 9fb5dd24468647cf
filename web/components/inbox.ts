/** `<orderwire-inbox>`: the list of conversations, the liveliest first. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { type Conversation, FILTERS, type Filter } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import { icon } from './icons.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { lineOf } from './order-words.ts';
import './search.ts';
import { emptyItem, Virtual } from './virtual.ts';

const SHOWN: Readonly<Record<Filter, (conversation: Conversation) => boolean>> = {
  all: ({ archived }) => !archived,
  unread: ({ unread, archived }) => unread > 0 && !archived,
  orders: ({ kind, archived }) => kind === 'order' && !archived,
  starred: ({ starred }) => starred,
  archived: ({ archived }) => archived,
};

const NEAR_END_PX = 400;
const ROW_PX = 85;

@customElement('orderwire-inbox')
export class OrderwireInbox extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
        background: var(--bg);
      }
      header {
        padding: var(--s4) var(--s4) 0;
      }
      .chips {
        flex: none;
        padding: var(--s3) var(--s3) var(--s2);
      }
      .scroll {
        flex: 1;
        overflow: auto;
        min-height: 0;
      }
      .conv {
        display: grid;
        grid-template-columns: 40px minmax(0, 1fr);
        column-gap: var(--s3);
        padding: var(--s3) var(--s4);
        position: relative;
        color: inherit;
        min-height: 84px;
        transition: background var(--fast);
      }
      .conv:hover {
        background: var(--hover);
      }
      li + li .conv::before {
        content: '';
        position: absolute;
        top: 0;
        left: 68px;
        right: 16px;
        height: 1px;
        background: var(--line);
      }
      .conv[aria-current] {
        background: var(--accent-soft);
      }
      /* On a tinted row the faintest text would be too faint. */
      .conv[aria-current] .meta,
      .conv:hover .meta {
        color: var(--text-2);
      }
      .conv[aria-current]::before,
      li:has(.conv[aria-current]) + li .conv::before {
        visibility: hidden;
      }
      .conv:focus-visible {
        outline-offset: -2px;
        border-radius: var(--r1);
      }
      .name {
        font-weight: 500;
      }
      .conv .status {
        margin-top: 4px;
      }
      .preview {
        color: var(--text-2);
      }
      .unread .name,
      .unread .preview {
        font-weight: 600;
        color: var(--text);
      }
      .bone {
        background: var(--hover);
        border-radius: var(--r1);
        height: 10px;
        margin: 5px 0;
      }
      .bone.round {
        width: 40px;
        height: 40px;
        border-radius: 50%;
        margin: 0;
      }
      .bone.short {
        width: 45%;
      }
    `,
  ];

  /** The conversation that is shown beside the list. */
  @property() selected: string | null = null;
  @state() private filter: Filter = 'all';
  readonly #live = new Live(this);
  readonly #virtual = new Virtual(this, ROW_PX);

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const { loaded, conversations } = this.#live.read(client.inbox.state);
      const shown = conversations.filter(
        (one) => SHOWN[this.filter](one) || one.id === this.selected,
      );
      return html`<header><h1 class="title">${language.t('inbox.title')}</h1></header>
        <orderwire-search>
        <div class="chips" role="group" aria-label=${language.t('inbox.filters')}>
          ${FILTERS.map((filter) => this.#filter(filter, connection))}
        </div>
        <div class="scroll" @scroll=${this.#nearEnd}>
          <ul data-rows aria-label=${language.t('inbox.list')} aria-busy=${!loaded}>
            ${loaded ? this.#rows(shown, connection) : BONES}
          </ul>
          ${loaded && shown.length === 0 ? this.#empty(connection) : nothing}
        </div>
        </orderwire-search>`;
    });
  }

  #filter(filter: Filter, { language }: Connection): TemplateResult {
    return html`<button
      type="button"
      aria-pressed=${this.filter === filter}
      @click=${() => this.#choose(filter)}
    >
      ${language.t(`inbox.filter.${filter}`)}
    </button>`;
  }

  #rows(shown: readonly Conversation[], connection: Connection): TemplateResult {
    const { from, to, before, after } = this.#virtual.of(shown.map(({ id }) => id));
    return html`${emptyItem(before)}
    ${repeat(
      shown.slice(from, to),
      ({ id }) => id,
      (one) => this.#row(one, connection),
    )}
    ${emptyItem(after)}`;
  }

  #row(conversation: Conversation, connection: Connection): TemplateResult {
    const { language, links } = connection;
    const { last_message: last, unread } = conversation;
    const now = this.#live.read(connection.clock);
    return html`<li data-row=${conversation.id}>
      <a
        class="conv ${unread ? 'unread' : ''}"
        href=${links.conversation(conversation.id)}
        aria-current=${conversation.id === this.selected ? 'true' : nothing}
      >
        <orderwire-avatar .person=${conversation.with}></orderwire-avatar>
        <div class="grow">
          <div class="row">
            <span class="name clip grow" dir="auto">${conversation.with.name}</span>
            <time class="meta">${language.recent(last?.at ?? conversation.active_at, now)}</time>
          </div>
          <div class="row">
            <span class="preview clip grow" dir="auto">${this.#preview(conversation, connection)}</span>
            ${
              unread
                ? html`<b class="count" aria-label=${language.n('inbox.unread', unread)}
                    >${unread > 99 ? '99+' : unread}</b
                  >`
                : nothing
            }
          </div>
          ${this.#status(conversation, connection, now)}
        </div>
      </a>
    </li>`;
  }

  /** What was said last; before anything was, what the order is. */
  #preview({ last_message: last, order }: Conversation, { client, language }: Connection): string {
    if (!last) return order?.title ?? '';
    const mine = last.sender === client.account;
    return mine ? language.t('inbox.mine', { text: last.preview }) : last.preview;
  }

  #status(conversation: Conversation, { client, language }: Connection, now: number) {
    const { order: badge, order_id } = conversation;
    const known = order_id && this.#live.read(client.orders.state).orders.get(order_id);
    const order = known || badge;
    const { tone, text } = order
      ? lineOf(order, language, now)
      : ({ tone: 'idle', text: language.t('inbox.direct') } as const);
    return html`<div class="status ${tone}"><span class="clip">${text}</span></div>`;
  }

  #empty({ language }: Connection): TemplateResult {
    return html`<div class="blank">${icon('inbox')}${language.t(`inbox.empty.${this.filter}`)}</div>`;
  }

  #choose(filter: Filter): void {
    this.filter = filter;
    void this.#live.connection?.client.inbox.loadMore(filter).catch(askedAgainLater);
  }

  #nearEnd({ currentTarget: list }: Event & { currentTarget: HTMLElement }): void {
    if (list.scrollHeight - list.scrollTop - list.clientHeight > NEAR_END_PX) return;
    void this.#live.connection?.client.inbox.loadMore(this.filter).catch(askedAgainLater);
  }
}

/** By the next scroll, or by the reload that follows a lost connection. */
function askedAgainLater(): void {}

const BONES = [1, 2, 3].map(
  () => html`<li class="conv">
    <span class="bone round"></span>
    <div class="grow">
      <div class="bone short"></div>
      <div class="bone"></div>
      <div class="bone short"></div>
    </div>
  </li>`,
);

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-inbox': OrderwireInbox;
  }
}
