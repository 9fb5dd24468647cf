/** `<orderwire-contacts>`: everyone one has had orders with, to search, sort and write to. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, query } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Contact, ContactSort, Contacts } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import { icon } from './icons.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { Virtual } from './virtual.ts';

const COLUMNS: readonly (readonly [sort: ContactSort, name: 'person' | 'orders' | 'last'])[] = [
  ['name', 'person'],
  ['orders', 'orders'],
  ['last_order', 'last'],
];
const ROW_PX = 61;
/** Names are sorted upwards, the rest with the most first. */
const RISING: ReadonlySet<ContactSort> = new Set(['name']);

@customElement('orderwire-contacts')
export class OrderwireContacts extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
        container: contacts / inline-size;
      }
      .tools {
        display: flex;
        gap: var(--s3);
        margin-bottom: var(--s3);
      }
      .search {
        display: flex;
        flex: 1;
        align-items: center;
        gap: var(--s2);
        min-width: 0;
        max-width: 360px;
        height: 36px;
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
      .sort {
        display: none;
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th {
        padding: var(--s1) 0;
        border-bottom: 1px solid var(--line);
        text-align: start;
        font: 500 var(--t-meta) var(--font);
        color: var(--text-3);
      }
      th button {
        border: 0;
        padding: var(--s1) 0;
        background: none;
        color: inherit;
        font: inherit;
        cursor: pointer;
      }
      th button:hover,
      th[aria-sort] button {
        color: var(--text);
      }
      th[aria-sort='ascending'] button::after {
        content: ' ↑';
      }
      th[aria-sort='descending'] button::after {
        content: ' ↓';
      }
      td {
        padding: 10px var(--s3) 10px 0;
        border-bottom: 1px solid var(--line);
      }
      .n {
        text-align: end;
      }
      td.n {
        white-space: nowrap;
      }
      .go {
        width: 180px;
        padding-right: 0;
        text-align: end;
      }
      .person {
        max-width: 0;
        width: 40%;
      }
      .person .small {
        display: none;
      }
      .name {
        font-weight: 500;
      }
      tbody tr:hover td {
        background: var(--hover);
      }
      .more {
        margin-top: var(--s3);
      }
      @container contacts (max-width: 640px) {
        thead {
          display: none;
        }
        .sort {
          display: block;
          flex: none;
          width: 40%;
          height: 36px;
        }
        table,
        tbody {
          display: block;
        }
        tr {
          display: grid;
          grid-template-columns: minmax(0, 1fr) auto;
          gap: 0 var(--s3);
          padding: var(--s3) 0;
          border-bottom: 1px solid var(--line);
        }
        td {
          border: 0;
          padding: 0;
        }
        .person {
          grid-row: 1 / 3;
          max-width: none;
          width: auto;
        }
        .go {
          grid-column: 1 / -1;
          width: auto;
          padding: 0 0 0 36px;
          text-align: start;
        }
        td.orders {
          display: none;
        }
        .person .small {
          display: block;
        }
        td.last {
          color: var(--text-3);
          font: 400 var(--t-meta) var(--font);
        }
      }
      @media (pointer: coarse) {
        .search input {
          font-size: 16px;
        }
      }
    `,
  ];

  @query('.search input') private field!: HTMLInputElement | null;
  readonly #live = new Live(this);
  readonly #virtual = new Virtual(this, ROW_PX);

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const {
        loaded,
        failed,
        query: sought,
        contacts,
        sort,
      } = this.#live.read(this.#live.keep(client.contacts).state);
      if (failed && !loaded) return blank(language.t('contacts.failed'));
      if (!loaded) return nothing;
      if (contacts.length === 0 && !sought) return blank(language.t('contacts.empty'));
      const { from, to, before, after } = this.#virtual.of(contacts.map(({ person }) => person.id));
      return html`${this.#tools(client.contacts, connection)}
      ${
        contacts.length > 0
          ? html`<table>
              <thead>
                <tr>
                  ${this.#heads(sort, client.contacts, connection)}
                </tr>
              </thead>
              <tbody data-rows>
                ${emptyRow(before)}
                ${repeat(
                  contacts.slice(from, to),
                  ({ person }) => person.id,
                  (one) => this.#row(one, connection),
                )}
                ${emptyRow(after)}
              </tbody>
            </table>`
          : blank(language.t('contacts.none'))
      }
      ${
        client.contacts.more
          ? html`<button class="btn s more" type="button" @click=${() => this.#more(client.contacts)}>
              ${language.t('more')}
            </button>`
          : nothing
      }`;
    });
  }

  #tools(contacts: Contacts, { language }: Connection): TemplateResult {
    const { query: sought, sort } = contacts.state.value;
    return html`<div class="tools">
      <label class="search"
        >${icon('search')}<input
          type="search"
          aria-label=${language.t('contacts.search')}
          placeholder=${language.t('contacts.search')}
          .value=${sought}
          @input=${() => contacts.search(this.field?.value ?? '')}
      /></label>
      <select
        class="field sort"
        aria-label=${language.t('contacts.sort')}
        @change=${({ target }: Event) =>
          contacts.sortBy((target as HTMLSelectElement).value as ContactSort)}
      >
        ${COLUMNS.map(
          ([value, name]) => html`<option value=${value} ?selected=${value === sort}>
            ${language.t(`contacts.${name}`)}
          </option>`,
        )}
      </select>
    </div>`;
  }

  #heads(sort: ContactSort, contacts: Contacts, { language }: Connection): TemplateResult {
    const head = ([by, name]: (typeof COLUMNS)[number], tone: string) => html`<th
      class=${tone}
      scope="col"
      aria-sort=${by === sort ? (RISING.has(by) ? 'ascending' : 'descending') : nothing}
    >
      <button type="button" @click=${() => contacts.sortBy(by)}>
        ${language.t(`contacts.${name}`)}
      </button>
    </th>`;
    const [person, orders, last] = COLUMNS;
    return html`${person && head(person, '')} ${orders && head(orders, 'n')}
      <th class="n" scope="col">${language.t('contacts.total')}</th>
      ${last && head(last, 'n')}
      <th class="go"><span class="hidden">${language.t('contacts.open')}</span></th>`;
  }

  #row(contact: Contact, { language, links }: Connection): TemplateResult {
    const { person, completed_orders: completed, totals, last_order_at: last } = contact;
    const { name } = person;
    return html`<tr data-row=${person.id}>
      <td class="person">
        <div class="row">
          <orderwire-avatar .person=${person}></orderwire-avatar>
          <div class="grow">
            <div class="name clip" dir="auto">${name}</div>
            <div class="small clip">${language.n('contacts.completed', completed)}</div>
          </div>
        </div>
      </td>
      <td class="n orders">${completed}</td>
      <td class="n total">
        ${totals.length > 0 ? totals.map((total) => html`<div>${language.money(total)}</div>`) : '–'}
      </td>
      <td class="n last">${last ? language.dated(last) : '–'}</td>
      <td class="go">
        <a
          class="btn quiet s"
          href=${links.conversation(contact.conversation_id)}
          >${language.t('contacts.open')}<span class="hidden">: ${name}</span></a
        >
      </td>
    </tr>`;
  }

  #more(contacts: Contacts): void {
    void contacts.loadMore().catch(askedAgainLater);
  }
}

function emptyRow(height: number) {
  return height > 0
    ? html`<tr aria-hidden="true">
        <td colspan="5" .style=${`height:${height}px`}></td>
      </tr>`
    : nothing;
}

function blank(words: string): TemplateResult {
  return html`<div class="blank" role="status">${icon('people')}${words}</div>`;
}

/** The button is still there. */
function askedAgainLater(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-contacts': OrderwireContacts;
  }
}
