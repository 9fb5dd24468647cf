/** `<orderwire-composer>`: where one writes, answers and corrects, or learns why one cannot. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { type Draft, filledIn, matching, type QuickReply } from '../client/index.ts';
import { composerStyles } from './composer-styles.ts';
import { icon } from './icons.ts';
import { Language } from './language/language.ts';
import './locked.ts';
import { look } from './look.ts';
import { firstName } from './order-words.ts';
import { QUICK_LIST, quickListOf, quickListStyles, quickOptionId } from './quick-list.ts';

const LONGEST_BODY = 10_000;
const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

/** Says what is wrong with a text before it is sent; null where nothing is. */
export type Doubt = (body: string) => Promise<string | null>;

export class DraftChanged extends Event {
  static readonly type = 'draft-changed';
  readonly body: string;

  constructor(body: string) {
    super(DraftChanged.type);
    this.body = body;
  }
}

export class MessageWritten extends Event {
  static readonly type = 'message-written';
  readonly body: string;

  constructor(body: string) {
    super(MessageWritten.type);
    this.body = body;
  }
}

/** What is written is about an earlier message: an answer to it, or its new text. */
export interface Context {
  readonly kind: 'reply' | 'edit';
  readonly seq: number;
  readonly name: string;
  readonly text: string;
}

@customElement('orderwire-composer')
export class OrderwireComposer extends LitElement {
  static override styles = [look, composerStyles, quickListStyles];

  @property({ attribute: false }) language = new Language('en');
  /** To whom one writes. */
  @property() name = '';
  /** Why one cannot write; null if one can. */
  @property({ attribute: false }) locked: string | null = null;
  /** Under which an unfinished text is kept. */
  @property({ attribute: 'draft-key' }) draftKey = '';
  @property({ attribute: false }) context: Context | null = null;
  /** What went wrong with what was written last. */
  @property() failure = '';
  @property({ type: Boolean }) busy = false;
  /** Null until somebody wanted them. */
  @property({ attribute: false }) quickReplies: readonly QuickReply[] | null = null;
  /** What stands in their braces. */
  @property({ attribute: false }) values: Readonly<Record<string, string>> = {};
  /** Asked before a message goes out; sending the same text again is the answer. */
  @property({ attribute: false }) doubt: Doubt = nothingToDoubt;
  /** What was begun on another device. */
  @property({ attribute: false }) begun: Draft | null = null;
  @state() private body = '';
  @state() private warning = '';
  /** The text that the warning is about. */
  #warnedOf = '';
  #isAsking = false;
  /** Whether quick replies were asked for by their button. */
  @state() private asked = false;
  @state() private chosen = 0;
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
    const wasEdited = changed.get('context')?.kind === 'edit';
    // A correction has a text of its own; what was begun before waits until it is done.
    if (this.#isEdit && changed.has('context')) this.body = this.context?.text ?? '';
    else if (changed.has('draftKey') || wasEdited) this.body = this.#draft;
    if (changed.has('begun')) this.#goOnWith(this.begun, changed.get('begun'));
    if (changed.has('context') && this.context) void this.updateComplete.then(() => this.focus());
  }

  override updated(): void {
    if (!this.field) return;
    this.field.style.height = '';
    if (this.body) this.field.style.height = `${this.field.scrollHeight}px`;
  }

  override render() {
    const { language, name, body } = this;
    if (this.locked !== null) {
      return html`<orderwire-locked
        .language=${language}
        .name=${name}
        .reason=${this.locked}
      ></orderwire-locked>`;
    }
    const quick = this.#quick;
    const isTall = this.context || this.#shownWarning;
    return html`<form class="box ${isTall ? 'about' : ''}" @submit=${this.#submit}>
      ${quick ? this.#quickList(quick) : nothing} ${this.#about()}
      <div class="warning over" role="status" ?hidden=${!this.#shownWarning}>
        ${this.#shownWarning}
      </div>
      <textarea
        rows="1"
        .value=${body}
        placeholder=${language.t('composer.placeholder', { name: firstName(name) })}
        aria-label=${language.t('composer.label', { name })}
        aria-autocomplete=${quick ? 'list' : nothing}
        aria-controls=${quick ? QUICK_LIST : nothing}
        aria-activedescendant=${quick?.length ? quickOptionId(this.chosen) : nothing}
        enterkeyhint="send"
        @input=${this.#typed}
        @keydown=${this.#key}
      ></textarea>
      ${this.#tools()}
    </form>`;
  }

  #about() {
    const { context, language } = this;
    if (!context) return nothing;
    const { kind, name, text } = context;
    return html`<div class="context">
      ${icon(kind)}
      <span class="clip" dir="auto"
        ><b>${language.t(`composer.${kind}`, { name })}</b> ${kind === 'reply' ? text : ''}</span
      >
      <button
        class="icon"
        type="button"
        aria-label=${language.t(`composer.${kind}.drop`)}
        @click=${this.#dropContext}
      >
        ${icon('cross')}
      </button>
    </div>`;
  }

  #tools(): TemplateResult {
    const { language, body } = this;
    const over = Math.max(0, lengthOf(body) - LONGEST_BODY);
    const problem = over ? language.t('composer.long', { count: over }) : this.failure;
    return html`<div class="tools">
      <span class="grow">
        <button
          class="icon"
          type="button"
          aria-label=${language.t('quick.open')}
          title=${language.t('quick.open')}
          aria-expanded=${this.asked}
          @click=${this.#askQuick}
        >
          ${icon('bolt')}
        </button>
      </span>
      ${
        problem
          ? html`<span class="meta over" role="status">${problem}</span>`
          : html`<span class="meta hint">${language.t('composer.hint')}</span>`
      }
      <button
        class="btn primary s"
        aria-label=${language.t(this.#verb)}
        ?disabled=${this.busy || !body.trim() || over > 0}
      >
        ${icon(this.#isEdit ? 'tick' : 'send')}<span class="hint"
          >${language.t(this.#verb)}</span
        >
      </button>
    </div>`;
  }

  #quickList(replies: readonly QuickReply[]): TemplateResult {
    return quickListOf({
      replies,
      chosen: this.chosen,
      none: this.quickReplies?.length === 0,
      language: this.language,
      values: this.values,
      take: (reply) => this.#takeQuick(reply),
    });
  }

  get #verb() {
    if (this.#isEdit) return 'composer.save';
    return this.#shownWarning ? 'composer.send.anyway' : 'composer.send';
  }

  /** A warning holds for the text that it was given for. */
  get #shownWarning(): string {
    return this.body.trim() === this.#warnedOf ? this.warning : '';
  }

  get #isEdit(): boolean {
    return this.context?.kind === 'edit';
  }

  get #draft(): string {
    return localStorage.getItem(this.#draftKey) ?? '';
  }

  get #draftKey(): string {
    return `orderwire.draft:${this.draftKey}`;
  }

  /** The quick replies that are shown; null while none are wanted. */
  get #quick(): readonly QuickReply[] | null {
    const { quickReplies, body } = this;
    if (!quickReplies) return null;
    if (this.asked) return matching(quickReplies, body.replace(/^\//, ''));
    if (this.#isEdit || !body.startsWith('/')) return null;
    const found = matching(quickReplies, body.slice(1));
    // A path or a joke is no wish for one.
    return found.length > 0 || body === '/' ? found : null;
  }

  #typed(): void {
    this.#write(this.field?.value ?? '');
    this.chosen = 0;
    if (!this.body) this.asked = false;
    if (this.body.startsWith('/')) this.dispatchEvent(new Event('quick-wanted'));
    this.dispatchEvent(new Event(this.body ? 'typing' : 'stopped-typing'));
  }

  #write(body: string): void {
    this.body = body;
    if (this.#isEdit) return;
    this.#keep(body);
    this.dispatchEvent(new DraftChanged(body));
  }

  /** Takes over from another device; that nothing is begun there ends what was begun there. */
  #goOnWith(begun: Draft | null, before: Draft | null | undefined): void {
    if (!begun || this.#isEdit) return;
    const follows = before?.conversation_id === begun.conversation_id;
    if (begun.body || follows) this.#keep(begun.body);
  }

  #keep(body: string): void {
    this.body = body;
    if (body) localStorage.setItem(this.#draftKey, body);
    else localStorage.removeItem(this.#draftKey);
  }

  #key(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word.
    if (event.isComposing || this.#quickKey(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) this.#submit(event);
    if (event.key === 'Escape' && this.context) this.#dropContext();
    if (event.key !== 'ArrowUp' || this.body || this.context) return;
    event.preventDefault();
    this.dispatchEvent(new Event('edit-last'));
  }

  /** Says whether a key was for the quick replies. */
  #quickKey(event: KeyboardEvent): boolean {
    const quick = this.#quick;
    if (!quick) return false;
    const step = STEPS[event.key];
    const reply = quick[this.chosen];
    if (event.key === 'Escape') this.#closeQuick();
    else if (step && quick.length > 0) {
      this.chosen = (this.chosen + step + quick.length) % quick.length;
    } else if ((event.key === 'Enter' || event.key === 'Tab') && reply) this.#takeQuick(reply);
    else return false;
    event.preventDefault();
    return true;
  }

  #askQuick(): void {
    this.asked = !this.asked;
    this.chosen = 0;
    if (this.asked) this.dispatchEvent(new Event('quick-wanted'));
    this.focus();
  }

  #closeQuick(): void {
    this.asked = false;
    if (this.body.startsWith('/')) this.#write('');
  }

  #takeQuick({ body }: QuickReply): void {
    const text = filledIn(body, this.values);
    const before = this.body.startsWith('/') || this.#quickWasSought ? '' : this.body;
    this.asked = false;
    this.#write(before ? `${before}\n${text}` : text);
    this.dispatchEvent(new Event('typing'));
    void this.updateComplete.then(() => this.focus());
  }

  /** What was written while the list was open was to find one. */
  get #quickWasSought(): boolean {
    return this.asked && matching(this.quickReplies ?? [], this.body).length > 0;
  }

  #dropContext(): void {
    this.dispatchEvent(new Event('context-dropped'));
    this.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const body = this.body.trim();
    if (!body || this.busy || lengthOf(body) > LONGEST_BODY) return;
    if (this.#isEdit || body === this.#warnedOf || this.doubt === nothingToDoubt) this.#send(body);
    else if (!this.#isAsking) void this.#ask(body);
  }

  async #ask(body: string): Promise<void> {
    this.#isAsking = true;
    const doubt = await this.doubt(body);
    this.#isAsking = false;
    // Whoever wrote on meanwhile was not done.
    if (body !== this.body.trim()) return;
    if (doubt === null) this.#send(body);
    else {
      this.#warnedOf = body;
      this.warning = doubt;
    }
  }

  #send(body: string): void {
    this.#warnedOf = '';
    // A correction stays until it is taken.
    if (!this.#isEdit) this.#write('');
    this.dispatchEvent(new MessageWritten(body));
  }
}

async function nothingToDoubt(): Promise<null> {
  return null;
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
