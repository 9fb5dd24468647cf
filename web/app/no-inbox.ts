/** `<orderwire-no-inbox>`: calm words for a sign-in that has no inbox, as operators have none. */

import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { icon } from '../components/icons.ts';
import { Language, LOCALE_NAMES, LOCALES } from '../components/language/language.ts';
import { look } from '../components/look.ts';

export class LocaleChosen extends Event {
  readonly locale: string;

  constructor(locale: string) {
    super('locale-chosen');
    this.locale = locale;
  }
}

@customElement('orderwire-no-inbox')
export class OrderwireNoInbox extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: grid;
        place-items: center;
        min-height: 100%;
        padding: var(--s5);
        background: var(--pane);
      }
      main {
        max-width: 480px;
        display: grid;
        justify-items: start;
        gap: var(--s2);
      }
      .mark {
        width: 40px;
        height: 40px;
        margin-bottom: var(--s3);
        border-radius: var(--r2);
        background: var(--accent);
        color: var(--on-accent);
        display: grid;
        place-items: center;
      }
      p {
        color: var(--text-2);
      }
      .ways {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s3);
        margin-top: var(--s4);
      }
      .ways .field {
        width: auto;
      }
    `,
  ];

  @property() locale = navigator.language;
  @property() name = '';
  @property({ type: Boolean }) operator = false;

  override updated(): void {
    const language = new Language(this.locale);
    document.documentElement.lang = language.locale;
    document.title = language.t('app.name');
  }

  override render() {
    const language = new Language(this.locale);
    const why = this.operator ? 'operator' : 'refused';
    return html`<main>
      <div class="mark">${icon('mark')}</div>
      <h1 class="title">${language.t(`${why}.title`)}</h1>
      <p>${language.t(`${why}.text`)}</p>
      <p class="small" dir="auto">${language.t('account.text', { name: this.name })}</p>
      <div class="ways">
        <select class="field" aria-label=${language.t('language.title')} @change=${this.#choose}>
          ${LOCALES.map(
            (locale) =>
              html`<option value=${locale} ?selected=${locale === language.locale}>
                ${LOCALE_NAMES[locale]}
              </option>`,
          )}
        </select>
        <button class="btn s" type="button" @click=${this.#leave}>
          ${language.t('account.leave')}
        </button>
      </div>
    </main>`;
  }

  #choose({ target }: Event): void {
    this.dispatchEvent(new LocaleChosen((target as HTMLSelectElement).value));
  }

  #leave(): void {
    this.dispatchEvent(new Event('sign-out', { bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-no-inbox': OrderwireNoInbox;
  }
}
