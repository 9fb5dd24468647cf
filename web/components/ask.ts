/** `<orderwire-ask>`: a dialog that asks for what something needs, or whether one is sure. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { Problem } from '../client/index.ts';
import { Language } from './language/language.ts';
import { look } from './look.ts';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'days' | 'choice';
  readonly required: boolean;
  /** Of a choice; the first one is chosen until another is. */
  readonly options?: readonly (readonly [value: string, label: string])[];
}

export type Given = Readonly<Record<string, string | number>>;

export interface Question {
  readonly title: string;
  readonly text: string;
  readonly fields: readonly Field[];
  readonly confirm: string;
  readonly danger: boolean;
  /** What is done with what was given; what it throws is shown, and may be tried again. */
  readonly run: (given: Given) => Promise<void>;
}

const OUTDATED: ReadonlySet<string> = new Set(['action_not_available', 'plan_changed']);
const LONGEST_TEXT = 10_000;
const MOST_DAYS = 365;

@customElement('orderwire-ask')
export class OrderwireAsk extends LitElement {
  static override styles = [
    look,
    css`
      dialog {
        width: min(480px, calc(100vw - 32px));
        max-height: calc(100dvh - 32px);
        padding: var(--s5);
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--raised);
        color: var(--text);
        box-shadow: var(--shadow);
        overflow: auto;
      }
      dialog::backdrop {
        background: rgb(10 13 20 / 0.4);
      }
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s4);
      }
      select.field {
        width: 100%;
        height: 36px;
      }
      label {
        display: grid;
        gap: 6px;
        font: 500 var(--t-small) var(--font);
      }
      .days {
        width: 96px;
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: var(--s2);
      }
      .failed:empty {
        display: none;
      }
      @media (pointer: coarse) {
        /* Below this size phones zoom in on whoever starts to write. */
        .field {
          font-size: 16px;
        }
      }
      @media (max-width: 480px) {
        dialog {
          width: 100vw;
          max-width: 100vw;
          margin: auto 0 0;
          border-radius: var(--r3) var(--r3) 0 0;
          padding: var(--s5) var(--s4) calc(var(--s5) + env(safe-area-inset-bottom));
        }
        .buttons .btn {
          flex: 1;
          justify-content: center;
        }
      }
    `,
  ];

  @property({ attribute: false }) language = new Language('en');
  @property({ attribute: false }) question: Question | null = null;
  @state() private busy = false;
  @state() private failure = '';
  @query('dialog') private dialog!: HTMLDialogElement | null;
  /** What was given and not sent yet; closing by mistake loses nothing. */
  readonly #given = new Map<string, Record<string, string | number>>();

  override updated(): void {
    if (this.dialog && !this.dialog.open) this.dialog.showModal();
  }

  override render() {
    const { question, language } = this;
    if (!question) return nothing;
    return html`<dialog
      aria-labelledby="title"
      @close=${this.#close}
      @click=${this.#clicked}
    >
      <form @submit=${this.#submit}>
        <div>
          <h2 class="head" id="title">${question.title}</h2>
          <p class="small">${question.text}</p>
        </div>
        ${question.fields.map((field) => this.#field(field))}
        <p class="small failed" role="alert">${this.failure}</p>
        <div class="buttons">
          <button class="btn" type="button" @click=${this.#close}>${language.t('ask.close')}</button>
          <button
            class="btn ${question.danger ? 'danger' : 'primary'}"
            ?disabled=${this.busy || !this.#isComplete(question)}
          >
            ${question.confirm}
          </button>
        </div>
      </form>
    </dialog>`;
  }

  #field(field: Field): TemplateResult {
    const { language } = this;
    const { name, kind, required } = field;
    const label = required ? field.label : language.t('field.optional', { label: field.label });
    const value = String(this.#values[name] ?? '');
    if (kind === 'choice') return this.#choice(field, label);
    if (kind === 'days') {
      return html`<label
        >${label}
        <input
          class="field days"
          type="number"
          inputmode="numeric"
          min="1"
          max=${MOST_DAYS}
          ?required=${required}
          .value=${value}
          @input=${(event: Event) => this.#take(field, event)}
      /></label>`;
    }
    return html`<label
      >${label}
      <textarea
        class="field"
        rows="4"
        dir="auto"
        maxlength=${LONGEST_TEXT}
        ?required=${required}
        .value=${value}
        @input=${(event: Event) => this.#take(field, event)}
        @keydown=${this.#key}
      ></textarea>
    </label>`;
  }

  #choice(field: Field, label: string): TemplateResult {
    const chosen = this.#values[field.name];
    return html`<label
      >${label}
      <select class="field" @change=${(event: Event) => this.#take(field, event)}>
        ${field.options?.map(
          ([value, name]) =>
            html`<option value=${value} ?selected=${value === chosen}>${name}</option>`,
        )}
      </select>
    </label>`;
  }

  get #values(): Record<string, string | number> {
    const title = this.question?.title ?? '';
    const values = this.#given.get(title) ?? firstOptions(this.question?.fields ?? []);
    this.#given.set(title, values);
    return values;
  }

  #take({ name, kind }: Field, { target }: Event): void {
    const { value } = target as HTMLInputElement;
    this.#values[name] = kind === 'days' ? Math.floor(Number(value)) : value;
    this.requestUpdate();
  }

  #isComplete({ fields }: Question): boolean {
    return fields.every(({ name, kind, required }) => {
      const value = this.#values[name];
      if (kind === 'choice') return true;
      if (kind === 'days') return typeof value === 'number' && value >= 1 && value <= MOST_DAYS;
      return !required || String(value ?? '').trim() !== '';
    });
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    void this.#submit(event);
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const { question } = this;
    if (!question || this.busy || !this.#isComplete(question)) return;
    this.busy = true;
    this.failure = '';
    try {
      await question.run(trimmed(this.#values));
      this.#given.delete(question.title);
      this.#close();
    } catch (error) {
      this.failure = this.language.t(failureOf(error));
    } finally {
      this.busy = false;
    }
  }

  /** The backdrop is the dialog as well, but nothing in it. */
  #clicked(event: MouseEvent): void {
    if (event.target === this.dialog) this.#close();
  }

  #close(): void {
    if (!this.question) return;
    // Closed first, so that the focus goes back to where it came from.
    this.dialog?.close();
    this.question = null;
    this.failure = '';
    this.dispatchEvent(new Event('closed'));
  }
}

/** What to say of something that was not done. */
export function failureOf(error: unknown): 'actions.outdated' | 'actions.failed' {
  const outdated = error instanceof Problem && OUTDATED.has(error.code);
  return outdated ? 'actions.outdated' : 'actions.failed';
}

function firstOptions(fields: readonly Field[]): Record<string, string | number> {
  const chosen = fields.flatMap(({ name, options: [first] = [] }) =>
    first ? [[name, first[0]] as const] : [],
  );
  return Object.fromEntries(chosen);
}

function trimmed(given: Record<string, string | number>): Given {
  const parts = Object.entries(given).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.trim() : value,
  ]);
  return Object.fromEntries(parts) as Given;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-ask': OrderwireAsk;
  }
}
