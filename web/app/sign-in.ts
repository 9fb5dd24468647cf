/** `<orderwire-sign-in>`: calm words for whoever is not signed in. */

import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { icon } from '../components/icons.ts';
import { type Key, Language } from '../components/language/language.ts';
import { look } from '../components/look.ts';

/** `nobody` came in, the token has `expired`, or they have `left`. */
export type SignInReason = 'nobody' | 'expired' | 'left';

const WORDS: Readonly<Record<SignInReason, readonly [title: Key, text: Key]>> = {
  nobody: ['signin.title', 'signin.text'],
  expired: ['signin.expired.title', 'signin.expired.text'],
  left: ['signin.left.title', 'signin.left.text'],
};

@customElement('orderwire-sign-in')
export class OrderwireSignIn extends LitElement {
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
        max-width: 440px;
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
    `,
  ];

  @property() locale = navigator.language;
  @property({ attribute: false }) reason: SignInReason = 'nobody';

  override updated(): void {
    const language = new Language(this.locale);
    document.documentElement.lang = language.locale;
    document.title = language.t('app.name');
  }

  override render() {
    const language = new Language(this.locale);
    const [title, text] = WORDS[this.reason];
    return html`<main>
      <div class="mark">${icon('mark')}</div>
      <h1 class="title">${language.t(title)}</h1>
      <p>${language.t(text)}</p>
    </main>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-sign-in': OrderwireSignIn;
  }
}
