/** `<orderwire-copy>`: takes a text along. */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { icon } from './icons.ts';
import { Language } from './language/language.ts';
import { look } from './look.ts';

const SAID_FOR_MS = 2_000;

@customElement('orderwire-copy')
export class OrderwireCopy extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: inline-block;
      }
      .done .i {
        color: var(--good);
      }
    `,
  ];

  @property({ attribute: false }) language = new Language('en');
  @property({ attribute: false }) text = '';
  @property() label = '';
  /** What is copied, for those who do not see where the button stands. */
  @property() about = '';
  @property({ type: Boolean }) small = false;
  @state() private done = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  override render() {
    const words = this.done ? this.language.t('requirements.copied') : this.label;
    const name = this.about ? `${words}: ${this.about}` : words;
    return html`<button
      class="${this.small ? 'icon' : 'btn quiet s'} ${this.done ? 'done' : ''}"
      type="button"
      title=${this.small ? words : nothing}
      aria-label=${name}
      @click=${this.#copy}
    >
      ${icon(this.done ? 'tick' : 'copy')}${this.small ? nothing : words}
    </button>`;
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.text);
    } catch {
      // Not every page may write there, and the text can be selected.
      return;
    }
    this.done = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.done = false;
    }, SAID_FOR_MS);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-copy': OrderwireCopy;
  }
}
