/** `<orderwire-devices>`: the browsers that show one's pushes, this one first of all. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Client, Device } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { dotted } from './order-words.ts';
import './this-browser.ts';

@customElement('orderwire-devices')
export class OrderwireDevices extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      ul:not(:empty) {
        margin-top: var(--s3);
        border-top: 1px solid var(--line);
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--s3);
        min-height: 48px;
        border-bottom: 1px solid var(--line);
      }
      .failed:empty {
        display: none;
      }
    `,
  ];

  @state() private failed = false;
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      this.#live.keep(client.devices);
      const devices = this.#live.read(client.devices.state) ?? [];
      return html`<orderwire-this-browser
          @changed=${() => void client.devices.reload().catch(asBefore)}
        ></orderwire-this-browser>
        <p class="small failed" role="alert">
          ${this.failed ? language.t('browser.failed') : nothing}
        </p>
        <ul aria-label=${language.t('devices.list')}>
          ${devices.map((device) => this.#row(device, connection))}
        </ul>`;
    });
  }

  #row({ id, label, created_at: at }: Device, { client, language }: Connection): TemplateResult {
    const name = label || language.t('devices.nameless');
    const isThis = id === client.push.device;
    const since = language.t('devices.since', { date: language.dated(at) });
    return html`<li>
      <div class="grow">
        <div class="clip" dir="auto">${name}</div>
        <div class="meta">${dotted(isThis ? language.t('browser.title') : null, since)}</div>
      </div>
      <button class="btn s" type="button" @click=${() => this.#drop(id, client)}>
        ${language.t('devices.remove')}<span class="hidden">: ${name}</span>
      </button>
    </li>`;
  }

  async #drop(id: string, { push, devices }: Client): Promise<void> {
    this.failed = false;
    try {
      // This browser has to forget it, too.
      if (id === push.device) await push.turnOff();
      else await devices.drop(id);
      await devices.reload();
    } catch {
      this.failed = true;
    }
  }
}

/** The list stays as it was until it is opened anew. */
function asBefore(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-devices': OrderwireDevices;
  }
}
