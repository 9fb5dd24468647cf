/** `<orderwire-search>`: looks for messages, people and orders; shows its slot until it has to. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { Found, FoundMessage, Order, Person, SearchState } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import { nameOf } from './happenings.ts';
import { icon } from './icons.ts';
import { LinkWanted } from './link-wanted.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { lineOf } from './order-words.ts';

@customElement('orderwire-search')
export class OrderwireSearch extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: flex;
        flex-direction: column;
        flex: 1;
        min-height: 0;
      }
      .search {
        display: flex;
        flex: none;
        align-items: center;
        gap: var(--s2);
        height: 36px;
        margin: var(--s3) var(--s4) 0;
        padding: 0 var(--s3);
        border: 1px solid transparent;
        border-radius: var(--r2);
        background: var(--pane);
        color: var(--text-3);
      }
      .search:focus-within {
        border-color: var(--accent);
      }
      .search input {
        flex: 1;
        min-width: 0;
        border: 0;
        outline: 0;
        background: none;
        color: var(--text);
      }
      .search input::-webkit-search-cancel-button {
        display: none;
      }
      .search input::placeholder {
        color: var(--text-3);
        opacity: 1;
      }
      .search .icon {
        width: 24px;
        height: 24px;
        margin-right: -6px;
      }
      .found {
        flex: 1;
        min-height: 0;
        overflow: auto;
        padding: var(--s3) 0;
      }
      h2 {
        padding: var(--s3) var(--s4) var(--s1);
      }
      li > * {
        display: grid;
        grid-template-columns: 40px minmax(0, 1fr);
        gap: 0 var(--s3);
        width: 100%;
        padding: var(--s2) var(--s4);
        border: 0;
        background: none;
        color: inherit;
        text-align: start;
        cursor: pointer;
      }
      li > :hover {
        background: var(--hover);
      }
      li > :focus-visible {
        outline-offset: -2px;
        border-radius: var(--r1);
      }
      .name {
        font-weight: 500;
      }
      .person {
        align-items: center;
      }
      .snippet {
        display: -webkit-box;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        overflow: hidden;
        overflow-wrap: anywhere;
        color: var(--text-2);
        font: 400 var(--t-small) var(--font);
      }
      mark {
        background: none;
        color: var(--text);
        font-weight: 600;
      }
      li > :hover .meta {
        color: var(--text-2);
      }
      @media (pointer: coarse) {
        .search input {
          font-size: 16px;
        }
      }
    `,
  ];

  @state() private refused = false;
  @query('input') private field!: HTMLInputElement | null;
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const state = this.#live.read(client.search.state);
      // What conversations are about is told by their rows.
      this.#live.read(client.inbox.state);
      return html`<div class="search" role="search">
          ${icon('search')}<input
            type="search"
            aria-label=${language.t('search.label')}
            placeholder=${language.t('search.placeholder')}
            autocomplete="off"
            .value=${state.query}
            @input=${() => client.search.look(this.field?.value ?? '')}
            @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && this.#clear(connection)}
          />
          ${
            state.query
              ? html`<button
                  class="icon"
                  type="button"
                  aria-label=${language.t('search.clear')}
                  @click=${() => this.#clear(connection)}
                >
                  ${icon('cross')}
                </button>`
              : nothing
          }
        </div>
        ${state.phase === 'idle' ? html`<slot></slot>` : this.#found(state, connection)}`;
    });
  }

  #found({ phase, found }: SearchState, connection: Connection): TemplateResult {
    const { language } = connection;
    const { messages, people, orders } = found;
    const none = messages.length + people.length + orders.length === 0;
    const words = phase === 'failed' ? 'search.failed' : 'search.none';
    return html`<div
      class="found"
      role="region"
      aria-label=${language.t('search.results')}
      aria-busy=${phase === 'looking'}
    >
      <p class="hidden" role="status">
        ${phase === 'looking' ? language.t('search.looking') : none ? language.t(words) : nothing}
      </p>
      ${
        none && phase !== 'looking'
          ? html`<div class="blank">${icon('search')}${language.t(words)}</div>`
          : this.#groups(found, connection)
      }
    </div>`;
  }

  #groups({ messages, people, orders }: Found, connection: Connection): TemplateResult {
    const { language } = connection;
    const group = (key: 'people' | 'orders' | 'messages', rows: readonly TemplateResult[]) =>
      rows.length > 0
        ? html`<h2 class="label">${language.t(`search.${key}`)}</h2>
            <ul>
              ${rows.map((row) => html`<li>${row}</li>`)}
            </ul>`
        : nothing;
    return html`${
      this.refused
        ? html`<p class="small failed" role="alert">
            ${language.t('search.conversation.failed')}
          </p>`
        : nothing
    }
    ${group(
      'people',
      people.map((one) => this.#person(one, connection)),
    )}
    ${group(
      'orders',
      orders.map((one) => this.#order(one, connection)),
    )}
    ${group(
      'messages',
      messages.map((one) => this.#message(one, connection)),
    )}`;
  }

  #person(person: Person, { client, links }: Connection): TemplateResult {
    const open = async () => {
      this.refused = false;
      try {
        const conversation = await client.conversationWith(person.id);
        this.dispatchEvent(new LinkWanted(links.conversation(conversation)));
      } catch {
        this.refused = true;
      }
    };
    return html`<button class="person" type="button" @click=${open}>
      <orderwire-avatar .person=${person}></orderwire-avatar>
      <span class="name clip" dir="auto">${person.name}</span>
    </button>`;
  }

  #order(order: Order, { client, language, links, clock }: Connection): TemplateResult {
    const other = order.seller.id === client.account ? order.buyer : order.seller;
    const { tone, text } = lineOf(order, language, this.#live.read(clock));
    return html`<a href=${links.order(order.id)}>
      <orderwire-avatar .person=${other}></orderwire-avatar>
      <span class="grow">
        <span class="name clip" dir="auto">${order.service.title}</span>
        <span class="status ${tone}"><span class="clip">${text}</span></span>
      </span>
    </a>`;
  }

  #message(found: FoundMessage, connection: Connection): TemplateResult {
    const { client, language, links } = connection;
    const { conversation_id: id, message } = found;
    const conversation = client.inbox.find(id);
    const other = conversation?.with ?? null;
    return html`<a href=${links.conversation(id, message.seq)}>
      <orderwire-avatar .person=${other}></orderwire-avatar>
      <span class="grow">
        <span class="row">
          <span class="name clip grow" dir="auto"
            >${other ? nameOf(message.sender, other, connection) : ''}</span
          >
          <time class="meta">${language.recent(message.at)}</time>
        </span>
        <span class="snippet" dir="auto">${marked(found)}</span>
      </span>
    </a>`;
  }

  #clear({ client }: Connection): void {
    client.search.look('');
    this.refused = false;
    this.field?.focus();
  }
}

/** A snippet, with what was found in it. */
function marked({ snippet, hits }: FoundMessage): readonly (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  // Counted in code points, as the server does.
  const letters = [...snippet];
  let from = 0;
  for (const [start, end] of hits) {
    parts.push(letters.slice(from, start).join(''));
    parts.push(html`<mark>${letters.slice(start, end).join('')}</mark>`);
    from = end;
  }
  parts.push(letters.slice(from).join(''));
  return parts;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-search': OrderwireSearch;
  }
}
