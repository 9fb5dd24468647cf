/** `<orderwire-this-browser>`: whether this browser shows pushes. */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import type { Push, PushState } from '../client/index.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { settingStyles } from './settings-styles.ts';

/** In these the switch can be moved. */
const MOVABLE: ReadonlySet<PushState> = new Set(['off', 'on']);

@customElement('orderwire-this-browser')
export class OrderwireThisBrowser extends LitElement {
  static override styles = [
    look,
    settingStyles,
    css`
      :host {
        display: block;
      }
    `,
  ];

  @state() private busy = false;
  @state() private failed = false;
  readonly #live = new Live(this);

  override updated(): void {
    const push = this.#live.connection?.client.push;
    if (push?.state.value === 'unknown' && !this.busy) void this.#do(() => push.refresh());
  }

  override render() {
    return this.#live.with(({ client, language }) => {
      const push = this.#live.read(client.push.state);
      return html`<section class="setting">
        <div>
          <h3 class="head">${language.t('browser.title')}</h3>
          <p class="small" role="status">${language.t(`browser.${push}`)}</p>
          ${
            this.failed
              ? html`<p class="failed" role="alert">${language.t('browser.failed')}</p>`
              : nothing
          }
        </div>
        <input
          class="switch"
          type="checkbox"
          role="switch"
          .checked=${live(push === 'on')}
          ?disabled=${this.busy || !MOVABLE.has(push)}
          aria-label=${language.t('browser.push')}
          @change=${(event: Event) => this.#switch(client.push, event)}
        />
      </section>`;
    });
  }

  #switch(push: Push, { target }: Event): void {
    const on = (target as HTMLInputElement).checked;
    void this.#do(async () => {
      await (on ? push.turnOn() : push.turnOff());
      this.dispatchEvent(new Event('changed'));
    });
  }

  async #do(what: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.failed = false;
    try {
      await what();
    } catch {
      this.failed = true;
    } finally {
      this.busy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-this-browser': OrderwireThisBrowser;
  }
}
