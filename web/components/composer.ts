/** `<orderwire-composer>`: where one writes, or learns why one cannot. */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { icon } from './icons.ts';
import { Language } from './language/language.ts';
import { look } from './look.ts';
import { firstName } from './order-words.ts';

const LONGEST_BODY = 10_000;

export class MessageWritten extends Event {
  static readonly type = 'message-written';
  readonly body: string;

  constructor(body: string) {
    super(MessageWritten.type);
    this.body = body;
  }
}

@customElement('orderwire-composer')
export class OrderwireComposer extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
        padding: 0 var(--s5) var(--s5);
      }
      .box {
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--raised);
        padding: var(--s2) var(--s2) var(--s2) var(--s4);
        box-shadow: 0 1px 2px rgb(16 24 40 / 0.04);
        transition:
          border-color var(--fast),
          box-shadow var(--fast);
      }
      .box:focus-within {
        border-color: var(--accent);
        box-shadow: 0 0 0 3px var(--accent-soft);
      }
      textarea {
        display: block;
        width: 100%;
        height: 32px;
        max-height: 200px;
        padding: 6px 0;
        border: 0;
        background: none;
        resize: none;
        overflow-y: auto;
      }
      /* The box around it shows the focus. */
      textarea:focus-visible {
        outline: 0;
      }
      textarea::placeholder {
        color: var(--text-3);
        opacity: 1;
      }
      .tools {
        display: flex;
        align-items: center;
        justify-content: flex-end;
        gap: var(--s3);
      }
      .over {
        color: var(--bad);
      }
      .locked {
        display: flex;
        gap: var(--s3);
        align-items: center;
        padding: var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--pane);
        color: var(--text-2);
      }
      .locked b {
        color: var(--text);
        font-weight: 600;
      }
      @media (pointer: coarse) {
        /* Below this size phones zoom in on whoever starts to write. */
        textarea {
          font-size: 16px;
        }
      }
      @container thread (max-width: 560px) {
        :host {
          padding: 0 var(--s3) var(--s3);
        }
        .box {
          display: flex;
          align-items: flex-end;
          padding: 4px 4px 4px var(--s4);
        }
        .hint {
          display: none;
        }
        .btn {
          width: 36px;
          height: 36px;
          padding: 0;
          justify-content: center;
          border-radius: 50%;
        }
        textarea {
          height: 36px;
          padding: 8px 0;
        }
      }
    `,
  ];

  @property({ attribute: false }) language = new Language('en');
  /** To whom one writes. */
  @property() name = '';
  /** Why one cannot write; null if one can. */
  @property({ attribute: false }) locked: string | null = null;
  /** Under which an unfinished text is kept. */
  @property({ attribute: 'draft-key' }) draftKey = '';
  @state() private body = '';
  @query('textarea') private field!: HTMLTextAreaElement | null;

  override focus(): void {
    this.field?.focus();
  }

  /** Begins a message, unless one has begun. */
  async suggest(text: string): Promise<void> {
    if (!this.body.trim()) this.#write(text);
    await this.updateComplete;
    this.focus();
    this.field?.setSelectionRange(this.body.length, this.body.length);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('draftKey')) this.body = localStorage.getItem(this.#draft) ?? '';
  }

  override updated(): void {
    if (!this.field) return;
    this.field.style.height = '';
    if (this.body) this.field.style.height = `${this.field.scrollHeight}px`;
  }

  override render() {
    if (this.locked !== null) return this.#lock(this.locked);
    const { language, name, body } = this;
    const over = Math.max(0, lengthOf(body) - LONGEST_BODY);
    return html`<form class="box" @submit=${this.#submit}>
      <textarea
        rows="1"
        .value=${body}
        placeholder=${language.t('composer.placeholder', { name: firstName(name) })}
        aria-label=${language.t('composer.label', { name })}
        enterkeyhint="send"
        @input=${this.#typed}
        @keydown=${this.#key}
      ></textarea>
      <div class="tools">
        ${
          over
            ? html`<span class="meta over" role="status"
                >${language.t('composer.long', { count: over })}</span
              >`
            : html`<span class="meta hint">${language.t('composer.hint')}</span>`
        }
        <button
          class="btn primary s"
          aria-label=${language.t('composer.send')}
          ?disabled=${!body.trim() || over > 0}
        >
          ${icon('send')}<span class="hint">${language.t('composer.send')}</span>
        </button>
      </div>
    </form>`;
  }

  #lock(reason: string): TemplateResult {
    const values = { name: firstName(this.name) };
    const known = this.language.find(`locked.${reason}.title`) === null ? 'other' : reason;
    return html`<div class="locked" role="note">
      ${icon('lock')}
      <div class="grow">
        <b>${this.language.find(`locked.${known}.title`, values)}</b>
        ${this.language.find(`locked.${known}.text`, values) ?? nothing}
      </div>
    </div>`;
  }

  get #draft(): string {
    return `orderwire.draft:${this.draftKey}`;
  }

  #typed(): void {
    this.#write(this.field?.value ?? '');
    this.dispatchEvent(new Event(this.body ? 'typing' : 'stopped-typing'));
  }

  #write(body: string): void {
    this.body = body;
    if (body) localStorage.setItem(this.#draft, body);
    else localStorage.removeItem(this.#draft);
  }

  #key(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const body = this.body.trim();
    if (!body || lengthOf(body) > LONGEST_BODY) return;
    this.#write('');
    this.dispatchEvent(new MessageWritten(body));
  }
}

/** In code points, as the server counts. */
function lengthOf(text: string): number {
  return text.length > LONGEST_BODY ? [...text].length : text.length;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-composer': OrderwireComposer;
  }
}
