/** `<orderwire-locked>`: why one cannot write, and what unlocks it. */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { icon } from './icons.ts';
import { Language } from './language/language.ts';
import { look } from './look.ts';
import { firstName } from './order-words.ts';

@customElement('orderwire-locked')
export class OrderwireLocked extends LitElement {
  static override styles = [
    look,
    css`
      .box {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s3);
        align-items: center;
        padding: var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--pane);
        color: var(--text-2);
      }
      .grow {
        min-width: 200px;
      }
      b {
        color: var(--text);
        font-weight: 600;
      }
      .why {
        flex-basis: 100%;
      }
      ul {
        list-style: disc;
        margin-top: var(--s1);
        padding-left: var(--s4);
      }
    `,
  ];

  @property({ attribute: false }) language = new Language('en');
  @property() name = '';
  @property() reason = '';
  @state() private why = false;

  override render() {
    const { language, reason } = this;
    const values = { name: firstName(this.name) };
    const known = language.find(`locked.${reason}.title`) === null ? 'other' : reason;
    const unlocks = language.find(`locked.${known}.why`, values);
    return html`<div class="box" role="note">
      ${icon('lock')}
      <div class="grow">
        <b>${language.find(`locked.${known}.title`, values)}</b>
        ${language.find(`locked.${known}.text`, values) ?? nothing}
      </div>
      ${
        reason === 'you_blocked'
          ? html`<button class="btn s" type="button" @click=${this.#unblock}>
              ${language.t('block.undo')}
            </button>`
          : nothing
      }
      ${
        unlocks
          ? html`<button
              class="btn s"
              type="button"
              aria-expanded=${this.why}
              @click=${this.#toggle}
            >
              ${language.t('locked.why')}
            </button>`
          : nothing
      }
      ${
        unlocks && this.why
          ? html`<div class="why small">
              ${unlocks}
              <ul>
                ${(['order', 'buyer_message', 'grant'] as const).map(
                  (way) => html`<li>${language.t(`locked.unlocks.${way}`, values)}</li>`,
                )}
              </ul>
            </div>`
          : nothing
      }
    </div>`;
  }

  #toggle(): void {
    this.why = !this.why;
  }

  #unblock(): void {
    this.dispatchEvent(new Event('unblock-wanted', { bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-locked': OrderwireLocked;
  }
}
