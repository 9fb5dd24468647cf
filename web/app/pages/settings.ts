/** `<orderwire-settings-page>`: how one is reached, in which language, and the way out. */

import { css, html, LitElement } from 'lit';
import { customElement } from 'lit/decorators.js';
import '../../components/blocks.ts';
import { Live } from '../../components/live.ts';
import { look } from '../../components/look.ts';
import '../../components/preferences.ts';
import '../../components/quick-replies.ts';
import { settingStyles } from '../../components/settings-styles.ts';
import { pageStyles } from './page-styles.ts';

@customElement('orderwire-settings-page')
export class OrderwireSettingsPage extends LitElement {
  static override styles = [
    look,
    settingStyles,
    pageStyles,
    css`
      .more,
      .account {
        margin-top: var(--s5);
        padding-top: var(--s5);
        border-top: 1px solid var(--line);
      }
    `,
  ];

  readonly #live = new Live(this);

  override render() {
    return this.#live.with(({ client, language }) => {
      const me = this.#live.read(client.me.state);
      return html`<div class="inner slim">
        <h1 class="hidden">${language.t('settings.title')}</h1>
        <orderwire-preferences></orderwire-preferences>
        <section class="more"><orderwire-quick-replies></orderwire-quick-replies></section>
        <section class="more"><orderwire-blocks></orderwire-blocks></section>
        <section class="setting account">
          <div>
            <h3 class="head">${language.t('account.title')}</h3>
            <p class="small" dir="auto">
              ${language.t('account.text', { name: me?.account.name ?? client.account })}
            </p>
          </div>
          <button class="btn s" type="button" @click=${this.#leave}>
            ${language.t('account.leave')}
          </button>
        </section>
      </div>`;
    });
  }

  #leave(): void {
    this.dispatchEvent(new Event('sign-out', { bubbles: true, composed: true }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-settings-page': OrderwireSettingsPage;
  }
}
