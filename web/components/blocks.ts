/** `<orderwire-blocks>`: of whom one hears nothing, and the way back. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Block } from '../client/index.ts';
import './avatar.ts';
import type { Connection } from './connection.ts';
import { Live } from './live.ts';
import { look } from './look.ts';

@customElement('orderwire-blocks')
export class OrderwireBlocks extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--s3);
        min-height: 56px;
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
      this.#live.keep(client.blocks);
      const blocks = this.#live.read(client.blocks.state);
      if (!blocks) return nothing;
      const text = blocks.length > 0 ? 'block.list.text' : 'block.list.none';
      return html`<h3 class="head">${language.t('block.list')}</h3>
        <p class="small">${language.t(text)}</p>
        <p class="small failed" role="alert">${this.failed ? language.t('block.failed') : nothing}</p>
        <ul aria-label=${language.t('block.list')}>
          ${blocks.map((block) => this.#row(block, connection))}
        </ul>`;
    });
  }

  #row({ person }: Block, { client, language }: Connection): TemplateResult {
    const undo = async () => {
      this.failed = false;
      await client.blocks.unblock(person.id).catch(() => {
        this.failed = true;
      });
    };
    return html`<li>
      <orderwire-avatar .person=${person}></orderwire-avatar>
      <span class="clip grow" dir="auto">${person.name}</span>
      <button class="btn s" type="button" @click=${undo}>
        ${language.t('block.undo')}<span class="hidden">: ${person.name}</span>
      </button>
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-blocks': OrderwireBlocks;
  }
}
