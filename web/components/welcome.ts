/** `<orderwire-welcome>`: the first steps with a new order, to tick off. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { OrderPage } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { PartWanted } from './order-actions.ts';
import { firstName } from './order-words.ts';

/** Asks for a text to begin a message with. */
export class TextSuggested extends Event {
  static readonly type = 'text-suggested';
  readonly text: string;

  constructor(text: string) {
    super(TextSuggested.type, { bubbles: true, composed: true });
    this.text = text;
  }
}

@customElement('orderwire-welcome')
export class OrderwireWelcome extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      summary,
      .label {
        display: flex;
        gap: var(--s2);
        margin-bottom: var(--s2);
      }
      .count-of {
        font-weight: 400;
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-height: 32px;
        padding: 2px 0;
      }
      label {
        display: flex;
        flex: 1;
        gap: var(--s2);
        min-width: 0;
        cursor: pointer;
        overflow-wrap: anywhere;
      }
      input {
        flex: none;
        width: 16px;
        height: 16px;
        margin: 2px 0;
        accent-color: var(--good);
      }
      .done {
        color: var(--text-3);
        text-decoration: line-through;
      }
      .btn {
        height: 28px;
        padding: 0 var(--s2);
        margin-right: calc(-1 * var(--s2));
      }
      summary {
        cursor: pointer;
        list-style: none;
        margin: 0;
        padding: var(--s2) 0;
        font: 500 var(--t-small) var(--font);
        color: var(--text-2);
      }
      summary::before {
        content: '▸';
      }
      details[open] summary::before {
        content: '▾';
      }
    `,
  ];

  @property({ attribute: false }) order: OrderPage | null = null;
  /** As one line that opens. */
  @property({ type: Boolean }) compact = false;
  readonly #live = new Live(this);
  #begun = '';

  override render() {
    const { order } = this;
    if (!order?.welcome) return nothing;
    const { items } = order.welcome;
    const done = items.filter((one) => one.done).length;
    // Once it is through it is gone, but not from under the finger that ticked the last.
    if (done < items.length) this.#begun = order.id;
    if (this.#begun !== order.id) return nothing;
    return this.#live.with((connection) => {
      const { language } = connection;
      const count = html`<span class="count-of"
        >${language.t('welcome.count', { done, total: items.length })}</span
      >`;
      const steps = html`<ul>
        ${items.map(({ id, done: ticked }) => this.#step(id, ticked, order, connection))}
      </ul>`;
      return this.compact
        ? html`<details>
            <summary>${language.t('welcome.title')} ${count}</summary>
            ${steps}
          </details>`
        : html`<h3 class="label">${language.t('welcome.title')} ${count}</h3>
            ${steps}`;
    });
  }

  #step(id: string, done: boolean, order: OrderPage, connection: Connection): TemplateResult {
    const { client, language } = connection;
    const name = firstName(order.buyer.name);
    const tick = ({ target }: Event) => {
      const { checked } = target as HTMLInputElement;
      void client.order(order.id).papers.tick(id, checked).catch(goesBack);
    };
    return html`<li>
      <label
        ><input type="checkbox" .checked=${live(done)} @change=${tick} /><span
          class=${done ? 'done' : ''}
          dir="auto"
          >${language.find(`welcome.${id}`, { name }) ?? id}</span
        ></label
      >
      ${done ? nothing : this.#help(id, name, order, connection)}
    </li>`;
  }

  /** The way to do it. */
  #help(id: string, name: string, order: OrderPage, { language }: Connection) {
    if (id === 'review_requirements') {
      if (order.requirements.status === 'none') return nothing;
      return this.#button(language.t('welcome.read'), () => new PartWanted('requirements'));
    }
    const text = language.find(`welcome.${id}.text`, { name });
    if (text === null) return nothing;
    return this.#button(language.t('welcome.write'), () => new TextSuggested(text));
  }

  #button(label: string, wanted: () => Event): TemplateResult {
    return html`<button
      class="btn quiet s"
      type="button"
      @click=${() => this.dispatchEvent(wanted())}
    >
      ${label}
    </button>`;
  }
}

/** The tick goes back, which says enough. */
function goesBack(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-welcome': OrderwireWelcome;
  }
}
