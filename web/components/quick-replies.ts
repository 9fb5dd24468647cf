/** `<orderwire-quick-replies>`: the texts that one sends often, to write and change. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { QuickReply, QuickReplyText } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { icon } from './icons.ts';
import { Live } from './live.ts';
import { look } from './look.ts';

const LONGEST_TITLE = 200;
const LONGEST_BODY = 10_000;
/** As they stand in the text that explains them. */
const BRACES = { name: '{name}', order: '{order}' };

interface Draft extends QuickReplyText {
  /** Null for a new one. */
  readonly id: string | null;
}

@customElement('orderwire-quick-replies')
export class OrderwireQuickReplies extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      header {
        display: flex;
        align-items: flex-start;
        flex-wrap: wrap;
        gap: var(--s2) var(--s4);
      }
      header .grow {
        flex-basis: 240px;
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-height: 48px;
        border-bottom: 1px solid var(--line);
      }
      b {
        font-weight: 500;
      }
      form {
        display: grid;
        gap: var(--s3);
        padding: var(--s3) 0;
        border-bottom: 1px solid var(--line);
      }
      label {
        display: grid;
        gap: 4px;
        font: 500 var(--t-small) var(--font);
      }
      .buttons {
        display: flex;
        justify-content: flex-end;
        gap: var(--s2);
      }
      .failed:empty {
        display: none;
      }
      @media (pointer: coarse) {
        .field {
          font-size: 16px;
        }
      }
    `,
  ];

  @state() private draft: Draft | null = null;
  @state() private busy = false;
  @state() private failed = false;
  @query('input') private field!: HTMLElement | null;
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      this.#live.keep(client.quickReplies);
      const replies = this.#live.read(client.quickReplies.state) ?? [];
      return html`<header>
          <div class="grow">
            <h3 class="head">${language.t('quick.title')}</h3>
            <p class="small">${language.t('quick.text', BRACES)}</p>
          </div>
          <button
            class="btn s"
            type="button"
            @click=${() => this.#write({ id: null, title: '', body: '' })}
          >
            ${icon('plus')}${language.t('quick.add')}
          </button>
        </header>
        <p class="small failed" role="alert">${this.failed ? language.t('quick.failed') : nothing}</p>
        ${this.draft?.id === null ? this.#form(this.draft, connection) : nothing}
        <ul aria-label=${language.t('quick.title')}>
          ${repeat(
            replies,
            ({ id }) => id,
            (reply) => html`<li>
              ${
                this.draft?.id === reply.id
                  ? this.#form(this.draft, connection)
                  : this.#row(reply, connection)
              }
            </li>`,
          )}
        </ul>`;
    });
  }

  #row(reply: QuickReply, { client, language }: Connection): TemplateResult {
    const { id, title, body } = reply;
    return html`<div class="grow">
        <b class="clip" dir="auto">${title}</b>
        <div class="small clip" dir="auto">${body}</div>
      </div>
      <button
        class="icon"
        type="button"
        aria-label=${language.t('quick.edit', { title })}
        @click=${() => this.#write(reply)}
      >
        ${icon('edit')}
      </button>
      <button
        class="icon"
        type="button"
        aria-label=${language.t('quick.remove', { title })}
        @click=${() => this.#try(() => client.quickReplies.drop(id))}
      >
        ${icon('trash')}
      </button>`;
  }

  #form(draft: Draft, connection: Connection): TemplateResult {
    const { language } = connection;
    const take =
      (part: keyof QuickReplyText) =>
      ({ target }: Event) => {
        if (!this.draft) return;
        this.draft = { ...this.draft, [part]: (target as HTMLInputElement).value };
      };
    const complete = Boolean(draft.title.trim() && draft.body.trim());
    return html`<form class="grow" @submit=${(event: Event) => this.#save(event, connection)}>
      <label
        >${language.t('quick.name')}
        <input
          class="field"
          dir="auto"
          maxlength=${LONGEST_TITLE}
          .value=${draft.title}
          @input=${take('title')}
      /></label>
      <label
        >${language.t('quick.body')}
        <textarea
          class="field"
          rows="4"
          dir="auto"
          maxlength=${LONGEST_BODY}
          .value=${draft.body}
          @input=${take('body')}
        ></textarea>
      </label>
      <div class="buttons">
        <button class="btn s" type="button" @click=${() => this.#write(null)}>
          ${language.t('quick.cancel')}
        </button>
        <button class="btn s primary" ?disabled=${this.busy || !complete}>
          ${language.t('quick.save')}
        </button>
      </div>
    </form>`;
  }

  async #write(draft: Draft | null): Promise<void> {
    this.draft = draft && { id: draft.id, title: draft.title, body: draft.body };
    this.failed = false;
    await this.updateComplete;
    this.field?.focus();
  }

  async #save(event: Event, { client }: Connection): Promise<void> {
    event.preventDefault();
    const { draft } = this;
    if (!draft || this.busy) return;
    const text = { title: draft.title.trim(), body: draft.body.trim() };
    const { quickReplies } = client;
    const save = () =>
      draft.id === null ? quickReplies.add(text) : quickReplies.change(draft.id, text);
    if (await this.#try(save)) this.draft = null;
  }

  /** Says whether it worked out. */
  async #try(what: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    this.failed = false;
    try {
      await what();
    } catch {
      this.failed = true;
    }
    this.busy = false;
    return !this.failed;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-quick-replies': OrderwireQuickReplies;
  }
}
