/** `<orderwire-contacts-page>`: everyone one has worked with. */

import { html, LitElement } from 'lit';
import { customElement } from 'lit/decorators.js';
import '../../components/contacts.ts';
import { Live } from '../../components/live.ts';
import { look } from '../../components/look.ts';
import { pageStyles } from './page-styles.ts';

@customElement('orderwire-contacts-page')
export class OrderwireContactsPage extends LitElement {
  static override styles = [look, pageStyles];

  readonly #live = new Live(this);

  override render() {
    return this.#live.with(
      ({ language }) => html`<div class="inner">
        <div class="headline"><h1 class="title">${language.t('contacts.title')}</h1></div>
        <orderwire-contacts></orderwire-contacts>
      </div>`,
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-contacts-page': OrderwireContactsPage;
  }
}
