/** `<orderwire-notes>`: one's private notes on an order. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Note, OrderPage, OrderPapers } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { icon } from './icons.ts';
import { Live } from './live.ts';
import { look } from './look.ts';

const LONGEST_NOTE = 10_000;
/** What is being written: a new note, or one that there is. */
type Writing = { readonly id: string | null; readonly body: string } | null;

@customElement('orderwire-notes')
export class OrderwireNotes extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      .label {
        flex: 1;
      }
      header {
        display: flex;
        align-items: center;
        min-height: 32px;
        margin: -8px 0 var(--s1);
      }
      .notes {
        display: grid;
        gap: var(--s2);
      }
      .note {
        position: relative;
        border-radius: var(--r2);
        padding: var(--s3);
        background: var(--warn-soft);
        font: 400 var(--t-small) var(--font);
      }
      .note .meta {
        display: flex;
        align-items: center;
        gap: var(--s1);
        margin-top: var(--s1);
        color: var(--text-2);
      }
      .note .icon {
        width: 24px;
        height: 24px;
        margin: -4px 0;
      }
      .note .icon .i {
        width: 15px;
        height: 15px;
      }
      .note .icon:hover {
        background: light-dark(rgb(0 0 0 / 0.06), rgb(255 255 255 / 0.1));
      }
      form {
        display: grid;
        gap: var(--s2);
      }
      .row {
        justify-content: flex-end;
      }
      .failed:empty {
        display: none;
      }
      @media (pointer: coarse) {
        textarea.field {
          font-size: 16px;
        }
      }
    `,
  ];

  @property({ attribute: false }) order: OrderPage | null = null;
  @state() private writing: Writing = null;
  @state() private busy = false;
  @state() private failed = false;
  @query('textarea') private field!: HTMLElement | null;
  readonly #live = new Live(this);

  override render() {
    const { order } = this;
    if (!order) return nothing;
    return this.#live.with((connection) => {
      const { language } = connection;
      const newestFirst = [...order.notes].reverse();
      return html`<header>
          <h3 class="label">${language.t('notes.title')}</h3>
          <button
            class="icon"
            type="button"
            aria-label=${language.t('notes.add')}
            @click=${() => this.#write({ id: null, body: '' })}
          >
            ${icon('plus')}
          </button>
        </header>
        <p class="small failed" role="alert">${this.failed ? language.t('notes.failed') : nothing}</p>
        <div class="notes">
          ${this.writing?.id === null ? this.#form(this.writing.body, connection) : nothing}
          ${repeat(
            newestFirst,
            ({ id }) => id,
            (note) =>
              this.writing?.id === note.id
                ? this.#form(this.writing.body, connection)
                : this.#note(note, connection),
          )}
        </div>`;
    });
  }

  #note(note: Note, { language }: Connection): TemplateResult {
    return html`<div class="note">
      <p class="prose" dir="auto">${note.body}</p>
      <div class="meta">
        <span class="grow">${language.t('notes.only', { date: language.brief(note.updated_at) })}</span>
        ${tool('edit', language.t('notes.edit'), () => this.#write(note))}
        ${tool('trash', language.t('notes.remove'), () =>
          this.#try((papers) => papers.dropNote(note.id)),
        )}
      </div>
    </div>`;
  }

  #form(body: string, { language }: Connection): TemplateResult {
    return html`<form @submit=${this.#save}>
      <textarea
        class="field"
        rows="3"
        dir="auto"
        maxlength=${LONGEST_NOTE}
        aria-label=${language.t('notes.label')}
        .value=${body}
        @input=${this.#typed}
        @keydown=${this.#key}
      ></textarea>
      <div class="row">
        <button class="btn s" type="button" @click=${() => this.#write(null)}>
          ${language.t('notes.cancel')}
        </button>
        <button class="btn s primary" ?disabled=${this.busy || !body.trim()}>
          ${language.t('notes.save')}
        </button>
      </div>
    </form>`;
  }

  async #write(writing: Writing): Promise<void> {
    this.writing = writing && { id: writing.id, body: writing.body };
    this.failed = false;
    await this.updateComplete;
    this.field?.focus();
  }

  #typed({ target }: Event): void {
    const { value: body } = target as HTMLTextAreaElement;
    this.writing = { id: this.writing?.id ?? null, body };
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape') void this.#write(null);
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.#save(event);
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { writing } = this;
    const body = writing?.body.trim();
    if (!writing || !body || this.busy) return;
    const { id } = writing;
    const saved = await this.#try((papers) =>
      id === null ? papers.addNote(body) : papers.changeNote(id, body),
    );
    if (saved) this.writing = null;
  }

  /** Says whether it worked out. */
  async #try(what: (papers: OrderPapers) => Promise<void>): Promise<boolean> {
    const connection = this.#live.connection;
    if (!connection || !this.order) return false;
    this.busy = true;
    this.failed = false;
    try {
      await what(connection.client.order(this.order.id).papers);
    } catch {
      this.failed = true;
    }
    this.busy = false;
    return !this.failed;
  }
}

function tool(sign: 'edit' | 'trash', label: string, act: () => void) {
  return html`<button class="icon" type="button" aria-label=${label} title=${label} @click=${act}>
    ${icon(sign)}
  </button>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-notes': OrderwireNotes;
  }
}
