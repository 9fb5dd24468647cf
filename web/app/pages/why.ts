/** `<orderwire-why>`: why somebody got an alert, and where: the ledger in words. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { TraceStep } from '../../client/index.ts';
import type { Connection } from '../../components/connection.ts';
import { Live } from '../../components/live.ts';
import { look } from '../../components/look.ts';

type Answer = readonly TraceStep[] | 'failed' | null;

@customElement('orderwire-why')
export class OrderwireWhy extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      button {
        border: 0;
        padding: 2px 0;
        background: none;
        color: var(--text-3);
        font: 400 var(--t-meta) var(--font);
        cursor: pointer;
      }
      button:hover,
      button[aria-expanded='true'] {
        color: var(--accent);
      }
      ol {
        display: grid;
        gap: 6px;
        margin: var(--s2) 0 var(--s1);
        padding: var(--s3);
        border-radius: var(--r2);
        background: var(--pane);
      }
      li {
        display: grid;
        grid-template-columns: 64px minmax(0, 1fr) auto;
        gap: var(--s3);
        font: 400 var(--t-small) var(--font);
      }
      li > span {
        color: var(--text-2);
      }
      p {
        overflow-wrap: anywhere;
      }
      @media (max-width: 480px) {
        li {
          grid-template-columns: minmax(0, 1fr) auto;
          gap: 0 var(--s3);
        }
        p {
          grid-row: 2;
          grid-column: 1 / -1;
        }
      }
      b {
        font-weight: 500;
      }
    `,
  ];

  @property({ attribute: false }) notification = '';
  @state() private open = false;
  @state() private answer: Answer = null;
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      const { language } = connection;
      return html`<button type="button" aria-expanded=${this.open} @click=${this.#toggle}>
          ${language.t('alerts.why')}
        </button>
        ${this.open ? this.#answer(connection) : nothing}`;
    });
  }

  #answer(connection: Connection): TemplateResult | typeof nothing {
    const { language } = connection;
    if (this.answer === null) return nothing;
    if (this.answer === 'failed') {
      return html`<p class="small" role="alert">${language.t('alerts.why.failed')}</p>`;
    }
    if (this.answer.length === 0) {
      return html`<p class="small">${language.t('alerts.why.none')}</p>`;
    }
    return html`<ol>
      ${this.answer.map((step) => this.#step(step, connection))}
    </ol>`;
  }

  #step({ channel, decision, reason, explanation, at }: TraceStep, { language }: Connection) {
    return html`<li>
      <span>${language.find(`channel.${channel}`) ?? language.t('channel.other')}</span>
      <p>
        <b>${language.find(`decision.${decision}`) ?? language.t('decision.other')}</b>
        · ${explanation ?? reason.replaceAll('_', ' ')}
      </p>
      <time class="meta">${language.clock(at)}</time>
    </li>`;
  }

  async #toggle(): Promise<void> {
    this.open = !this.open;
    const client = this.#live.connection?.client;
    if (!this.open || !client) return;
    try {
      this.answer = (await client.notifications.trace(this.notification)).steps;
    } catch {
      this.answer = 'failed';
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-why': OrderwireWhy;
  }
}
