/**
 * `<orderwire-log>`: the rows of a thread, scrolled. It stays at the end while one is there, and
 * where one is while older rows come in above.
 */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { OrderEvent, Person } from '../client/index.ts';
import './avatar.ts';
import { type BubbleVerb, bubbleOf } from './bubbles.ts';
import type { Happening, OrderPart } from './happenings.ts';
import { icon } from './icons.ts';
import { Language } from './language/language.ts';
import { bubbleStyles } from './log-styles.ts';
import { look } from './look.ts';
import { firstName } from './order-words.ts';
import type { Bubble, Progress, Row } from './rows.ts';

/** Nearer to the end than this counts as there. */
const AT_END_PX = 48;
/** Older rows are asked for before one runs out of rows. */
const AHEAD_PX = 800;
/** How much of what was read stays above the line before what is new. */
const CONTEXT_PX = 96;

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };
const ICONS = { sending: 'clock', sent: 'tick', read: 'ticks', failed: 'alert' } as const;

export class UnsentAction extends Event {
  readonly clientId: string;

  constructor(type: 'retry' | 'discard', clientId: string) {
    super(type);
    this.clientId = clientId;
  }
}

/** Somebody wants to do something with a message. */
export class BubbleAction extends Event {
  static readonly type = 'bubble-action';
  readonly verb: BubbleVerb;
  readonly seq: number;

  constructor(verb: BubbleVerb, seq: number) {
    super(BubbleAction.type);
    this.verb = verb;
    this.seq = seq;
  }
}

/** Somebody wants to see a message that may be further back than what is here. */
export class SeqWanted extends Event {
  static readonly type = 'seq-wanted';
  readonly seq: number;

  constructor(seq: number) {
    super(SeqWanted.type);
    this.seq = seq;
  }
}

interface Anchor {
  readonly key: string;
  readonly top: number;
}

@customElement('orderwire-log')
export class OrderwireLog extends LitElement {
  static override styles = [
    look,
    bubbleStyles,
    css`
      :host {
        position: relative;
        display: flex;
        flex-direction: column;
        flex: 1;
        min-height: 0;
      }
    `,
  ];

  @property({ attribute: false }) language = new Language('en');
  @property({ attribute: false }) rows: readonly Row[] = [];
  @property({ attribute: false }) people: ReadonlyMap<string, Person> = new Map();
  @property({ attribute: false }) happening: (event: OrderEvent) => Happening = inNoWords;
  @property({ attribute: false }) partLink: (order: string, part: OrderPart) => string = () => '';
  @property({ attribute: false }) typing: readonly string[] = [];
  @property({ type: Boolean }) connected = false;
  @property({ type: Boolean }) more = false;
  @property({ type: Boolean }) loading = false;
  @property() label = '';
  @property({ attribute: false }) nameOf: (account: string) => string = (account) => account;
  @property({ attribute: false }) verbs: (bubble: Bubble, mine: boolean) => readonly BubbleVerb[] =
    () => [];
  @state() private away = false;
  /** The bubbles whose menu is here, and that a finger touched last. */
  @state() private menuOf: string | null = null;
  @state() private tapped: string | null = null;
  @query('.log') private log!: HTMLElement;

  #placed = false;
  #atEnd = true;
  #anchor: Anchor | null = null;
  #stop: string | undefined;
  readonly #resized = new ResizeObserver(() => this.#stay());

  /** Whether the newest row is in sight. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** Follows one's own message to the end. */
  toEnd(): void {
    this.#atEnd = true;
    this.#stay();
  }

  /** Brings a message into sight, and points at it. */
  async show(seq: number): Promise<void> {
    await this.updateComplete;
    const key = keyOf(seq, this.rows);
    const line = key && this.renderRoot.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!line) return;
    line.scrollIntoView({ block: 'center' });
    line.classList.add('shown');
    line.addEventListener('animationend', () => line.classList.remove('shown'), { once: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  override firstUpdated(): void {
    this.#resized.observe(this.log);
  }

  override willUpdate(): void {
    this.#stop = this.#findStop();
    this.#anchor = this.hasUpdated && !this.#atEnd ? this.#firstInSight() : null;
  }

  override updated(): void {
    if (this.rows.length === 0) return;
    if (!this.#placed) this.#place();
    else if (this.#anchor) this.#restore(this.#anchor);
    else this.#stay();
    this.#wantOlder();
  }

  override render() {
    const { language } = this;
    return html`<div
        class="log"
        role="log"
        tabindex="0"
        aria-label=${this.label}
        @scroll=${this.#scrolled}
        @keydown=${this.#key}
      >
        <div class="older meta" aria-hidden="true">
          ${this.loading ? language.t('thread.older') : nothing}
        </div>
        ${repeat(
          this.rows,
          ({ key }) => key,
          (row) => this.#row(row),
        )}
        ${this.#typing()}
      </div>
      ${
        this.away
          ? html`<button class="latest btn s" type="button" @click=${this.toEnd}>
              ${icon('down')}${language.t('thread.latest')}
            </button>`
          : nothing
      }`;
  }

  #row(row: Row): TemplateResult {
    switch (row.kind) {
      case 'day':
        return html`<div class="day" data-key=${row.key}>${this.language.day(row.at)}</div>`;
      case 'new':
        return html`<div class="day new" data-key="new">${this.language.t('thread.new')}</div>`;
      case 'event':
        return this.#event(row.key, row.event);
      case 'group':
        return row.mine ? this.#mine(row.bubbles) : this.#theirs(row.sender, row.bubbles);
    }
  }

  #event(key: string, event: OrderEvent): TemplateResult {
    const { icon: sign, text, said, part } = this.happening(event);
    const link = part && this.partLink(event.order_id, part);
    return html`<div class="event" data-key=${key}>
      ${icon(sign)}<bdi>${text}</bdi> <time class="meta">${this.language.clock(event.at)}</time>
      ${link ? html`<a href=${link}>${this.language.t('order.view')}</a>` : nothing}
      ${said ? html`<p class="said" dir="auto">${said}</p>` : nothing}
    </div>`;
  }

  #mine(bubbles: readonly Bubble[]): TemplateResult {
    return html`<div class="group mine">
      <div class="stack">
        ${bubbles.map((one, at) => [
          this.#bubble(one, true),
          one.progress === 'failed' || at === bubbles.length - 1 ? this.#receipt(one) : nothing,
        ])}
      </div>
    </div>`;
  }

  #theirs(sender: string, bubbles: readonly Bubble[]): TemplateResult {
    const person = this.people.get(sender);
    const [first] = bubbles;
    return html`<div class="group">
      <orderwire-avatar size="s" .person=${person ?? null}></orderwire-avatar>
      <div class="stack">
        <span class="who" dir="auto"
          >${firstName(person?.name ?? sender)} · ${first ? this.language.clock(first.at) : ''}</span
        >
        ${bubbles.map((one) => this.#bubble(one, false))}
      </div>
    </div>`;
  }

  #bubble(bubble: Bubble, mine: boolean): TemplateResult {
    const { key, seq } = bubble;
    return bubbleOf({
      bubble,
      mine,
      language: this.language,
      nameOf: this.nameOf,
      verbs: this.verbs(bubble, mine),
      hasMenu: this.menuOf === key,
      tapped: this.tapped === key,
      isStop: this.#stop === key,
      openMenu: () => {
        this.menuOf = key;
      },
      tap: () => {
        this.tapped = key;
      },
      act: (verb) => seq !== null && this.dispatchEvent(new BubbleAction(verb, seq)),
      reach: (wanted) => this.dispatchEvent(new SeqWanted(wanted)),
    });
  }

  #receipt({ progress, at, clientId, reason }: Bubble) {
    if (!progress) return nothing;
    return html`<span class="receipt ${progress}" title=${reason ?? nothing}
      >${icon(ICONS[progress])}${this.#progressText(progress, at)}${
        progress === 'failed' && clientId ? this.#failedActions(clientId) : nothing
      }</span
    >`;
  }

  #progressText(progress: NonNullable<Progress>, at: string): string {
    if (progress === 'sent')
      return this.language.t('message.sent', { time: this.language.clock(at) });
    if (progress === 'sending' && !this.connected) return this.language.t('message.waiting');
    return this.language.t(`message.${progress}`);
  }

  #failedActions(clientId: string): TemplateResult {
    const act = (type: 'retry' | 'discard') => () =>
      this.dispatchEvent(new UnsentAction(type, clientId));
    return html`<button type="button" @click=${act('retry')}>${this.language.t('retry')}</button>
      <button type="button" @click=${act('discard')}>${this.language.t('message.discard')}</button>`;
  }

  #typing() {
    const [account] = this.typing;
    if (!account) return nothing;
    const person = this.people.get(account) ?? null;
    const words = this.language.t('thread.typing', { name: firstName(person?.name ?? account) });
    return html`<div class="group typing">
      <orderwire-avatar size="s" .person=${person}></orderwire-avatar>
      <div class="stack">
        <div class="bubble dots"><span class="hidden">${words}</span><i></i><i></i><i></i></div>
      </div>
    </div>`;
  }

  /** Finds the bubble whose button Tab stops at: the one that has a menu, else the newest. */
  #findStop(): string | undefined {
    const bubbles = this.rows.flatMap((row) => (row.kind === 'group' ? row.bubbles : []));
    const has = bubbles.some(({ key }) => key === this.menuOf);
    return has ? (this.menuOf ?? undefined) : bubbles.findLast(({ seq }) => seq !== null)?.key;
  }

  /** Up and down lead from one bubble's button to the next. */
  #key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (!step || event.defaultPrevented) return;
    const tools = [...this.renderRoot.querySelectorAll<HTMLElement>('.tools')];
    const at = tools.indexOf(event.target as HTMLElement);
    if (at < 0) return;
    event.preventDefault();
    tools[at + step]?.focus();
  }

  /** Shows the end, or the line before what is new if that is further up. */
  #place(): void {
    this.#placed = true;
    this.log.scrollTop = this.log.scrollHeight;
    const line = this.log.querySelector<HTMLElement>('.new');
    if (!line) return;
    this.log.scrollTop = Math.min(this.log.scrollTop, line.offsetTop - CONTEXT_PX);
    this.#scrolled();
  }

  #stay(): void {
    if (this.#placed && this.#atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  #firstInSight(): Anchor | null {
    const top = this.log.getBoundingClientRect().top;
    for (const row of this.log.querySelectorAll<HTMLElement>('[data-key]')) {
      const at = row.getBoundingClientRect();
      if (at.bottom > top) return { key: row.dataset.key ?? '', top: at.top };
    }
    return null;
  }

  #restore({ key, top }: Anchor): void {
    const row = this.log.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (row) this.log.scrollTop += row.getBoundingClientRect().top - top;
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    const left = scrollHeight - scrollTop - clientHeight;
    const arrived = left < AT_END_PX && !this.#atEnd;
    this.#atEnd = left < AT_END_PX;
    this.away = left > clientHeight;
    if (arrived) this.dispatchEvent(new Event('end-reached'));
    this.#wantOlder();
  }

  #wantOlder(): void {
    if (!this.more || this.loading || this.log.scrollTop > AHEAD_PX) return;
    this.dispatchEvent(new Event('older-wanted'));
  }
}

function keyOf(seq: number, rows: readonly Row[]): string | null {
  for (const row of rows) {
    if (row.kind === 'event' && row.event.seq === seq) return row.key;
    if (row.kind !== 'group') continue;
    const bubble = row.bubbles.find((one) => one.seq === seq);
    if (bubble) return bubble.key;
  }
  return null;
}

function inNoWords({ event }: OrderEvent): Happening {
  return { icon: 'order', text: event, said: null, part: null };
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-log': OrderwireLog;
  }
}
