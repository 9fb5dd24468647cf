/**
 * `<orderwire-log>`: the rows of a thread, scrolled. It stays at the end while one is there, and
 * where one is while rows come in above, or change places with empty space.
 */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { OrderEvent, Person } from '../client/index.ts';
import type { BubbleVerb } from './bubbles.ts';
import type { Happening, OrderPart } from './happenings.ts';
import { icon } from './icons.ts';
import { Language } from './language/language.ts';
import { type LogView, rowOf, typingOf, type UnsentVerb } from './log-rows.ts';
import { bubbleStyles } from './log-styles.ts';
import { look } from './look.ts';
import { type Bubble, heightOf, type Row, rowWith } from './rows.ts';
import { Heights, has, type Span } from './span.ts';

/** Nearer to the end than this counts as there. */
const AT_END_PX = 48;
/** Older rows are asked for before one runs out of rows. */
const AHEAD_PX = 800;
/** How much of what was read stays above the line before what is new. */
const CONTEXT_PX = 96;
/** So far around what is in sight rows are in the page; nearer than the other, it moves on. */
const AROUND_PX = 2_000;
const EDGE_PX = 1_000;

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

export class UnsentAction extends Event {
  readonly clientId: string;

  constructor(type: UnsentVerb, clientId: string) {
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

/** What stays where it is, whatever comes in above it. */
interface Anchor {
  readonly key: string;
  readonly top: number;
  /** The row that it is in, and how far that is above what is in sight. */
  readonly row: string;
  readonly hidden: number;
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
      .cell {
        display: flex;
        flex: none;
        flex-direction: column;
      }
      .space {
        flex: none;
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
  @state() private menuOf: string | null = null;
  @state() private tapped: string | null = null;
  @query('.log') private log!: HTMLElement;

  readonly #heights = new Heights<Row>(({ key }) => key, heightOf);
  #span: Span = { from: 0, to: 0, before: 0, after: 0 };
  #placed = false;
  #atEnd = true;
  #anchor: Anchor | null = null;
  /** A row to show, wherever one is. */
  #wanted: string | null = null;
  #width = 0;
  readonly #resized = new ResizeObserver(() => this.#resize());

  /** Whether the newest row is in sight. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** Follows one's own message to the end. */
  toEnd(): void {
    this.#atEnd = true;
    this.#stay();
    this.requestUpdate();
  }

  /** Brings a message into sight, and points at it. */
  async show(seq: number): Promise<void> {
    await this.updateComplete;
    const found = rowWith(this.rows, seq);
    if (!found) return;
    this.#wanted = found.row.key;
    this.requestUpdate();
    await this.updateComplete;
    const line = this.#lineOf(found.key);
    if (!line) return;
    this.#atEnd = false;
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
    this.#anchor = this.hasUpdated && !this.#atEnd ? this.#firstInSight() : null;
    this.#span = this.#spanNow();
    this.#wanted = null;
  }

  override updated(): void {
    if (this.rows.length === 0) return;
    this.#measure();
    if (!this.#placed) this.#place();
    else if (this.#anchor) this.#restore(this.#anchor);
    else this.#stay();
    this.#moveOn();
    this.#wantOlder();
  }

  override render() {
    const { language } = this;
    const { from, to, before, after } = this.#span;
    const shown = this.rows.slice(from, to);
    const view = this.#view(shown);
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
        ${before > 0 ? space(before) : nothing}
        ${repeat(
          shown,
          ({ key }) => key,
          (row) => html`<div class="cell" data-row=${row.key}>${rowOf(row, view)}</div>`,
        )}
        ${after > 0 ? space(after) : nothing} ${typingOf(this.typing, view)}
      </div>
      ${
        this.away
          ? html`<button class="latest btn s" type="button" @click=${this.toEnd}>
              ${icon('down')}${language.t('thread.latest')}
            </button>`
          : nothing
      }`;
  }

  #view(shown: readonly Row[]): LogView {
    const { language, people, connected, happening, partLink, nameOf, verbs } = this;
    const { menuOf, tapped } = this;
    return {
      ...{ language, people, connected, happening, partLink, nameOf, verbs, menuOf, tapped },
      stop: stopIn(shown, menuOf),
      openMenu: (key) => {
        this.menuOf = key;
      },
      tap: (key) => {
        this.tapped = key;
      },
      act: (verb, seq) => this.dispatchEvent(new BubbleAction(verb, seq)),
      reach: (seq) => this.dispatchEvent(new SeqWanted(seq)),
      unsent: (verb, clientId) => this.dispatchEvent(new UnsentAction(verb, clientId)),
    };
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

  // --- which rows are here --------------------------------------------------------------------

  #spanNow(): Span {
    const height = this.hasUpdated ? this.log.clientHeight : window.innerHeight;
    return this.#heights.span(this.rows, { top: this.#top(height), height }, AROUND_PX);
  }

  /** How far down the list one is to see it. */
  #top(height: number): number {
    const wanted = this.#wanted ?? (this.#placed ? null : 'new');
    const at = wanted === null ? -1 : this.rows.findIndex(({ key }) => key === wanted);
    if (at >= 0) return this.#heights.before(this.rows, at) - height / 2;
    if (this.#atEnd) return Number.POSITIVE_INFINITY;
    if (!this.#anchor) return this.log.scrollTop;
    const { row, hidden } = this.#anchor;
    const index = this.rows.findIndex(({ key }) => key === row);
    return index < 0 ? this.log.scrollTop : this.#heights.before(this.rows, index) + hidden;
  }

  #measure(): void {
    for (const cell of this.log.querySelectorAll<HTMLElement>('.cell')) {
      this.#heights.measured(cell.dataset.row ?? '', cell.offsetHeight);
    }
  }

  /** Brings rows in where one comes near to empty space. */
  #moveOn(): void {
    const { from, to, before, after } = this.#span;
    const { scrollTop, clientHeight, scrollHeight } = this.log;
    const above = from > 0 && scrollTop < before + EDGE_PX;
    const left = scrollHeight - after - scrollTop - clientHeight;
    const below = to < this.rows.length && left < EDGE_PX;
    if (!above && !below) return;
    this.#anchor = this.#atEnd ? null : this.#firstInSight();
    if (!has(this.#span, this.#spanNow())) this.requestUpdate();
  }

  // --- where one is ---------------------------------------------------------------------------

  /** Shows the end, or the line before what is new if that is further up. */
  #place(): void {
    this.#placed = true;
    this.log.scrollTop = this.log.scrollHeight;
    const line = this.log.querySelector<HTMLElement>('.new');
    if (!line) return;
    this.log.scrollTop = Math.min(this.log.scrollTop, line.offsetTop - CONTEXT_PX);
    this.#scrolled();
  }

  #resize(): void {
    if (this.log.clientWidth !== this.#width) this.#heights.forget();
    this.#width = this.log.clientWidth;
    this.#stay();
  }

  #stay(): void {
    if (this.#placed && this.#atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  #firstInSight(): Anchor | null {
    const { top } = this.log.getBoundingClientRect();
    for (const line of this.log.querySelectorAll<HTMLElement>('[data-key]')) {
      const at = line.getBoundingClientRect();
      if (at.bottom <= top) continue;
      const cell = line.closest<HTMLElement>('.cell');
      const hidden = top - (cell?.getBoundingClientRect().top ?? top);
      // In the middle of empty space nothing is in sight that could stay.
      if (at.top > top + this.log.clientHeight) return null;
      return { key: line.dataset.key ?? '', top: at.top, row: cell?.dataset.row ?? '', hidden };
    }
    return null;
  }

  #restore({ key, top }: Anchor): void {
    const line = this.#lineOf(key);
    if (line) this.log.scrollTop += line.getBoundingClientRect().top - top;
  }

  #lineOf(key: string): HTMLElement | null {
    return this.log.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  #scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    const left = scrollHeight - scrollTop - clientHeight;
    const arrived = left < AT_END_PX && !this.#atEnd;
    this.#atEnd = left < AT_END_PX;
    this.away = left > clientHeight;
    if (arrived) this.dispatchEvent(new Event('end-reached'));
    this.#moveOn();
    this.#wantOlder();
  }

  #wantOlder(): void {
    if (!this.more || this.loading || this.log.scrollTop > AHEAD_PX) return;
    this.dispatchEvent(new Event('older-wanted'));
  }
}

/** Stands for rows that are not here. Set by the object model, which no policy refuses. */
function space(height: number) {
  return html`<div class="space" aria-hidden="true" .style=${`height:${height}px`}></div>`;
}

/** The bubble whose button Tab stops at: the one that has a menu, else the newest. */
function stopIn(shown: readonly Row[], menuOf: string | null): string | null {
  const bubbles = shown.flatMap((row) => (row.kind === 'group' ? row.bubbles : []));
  const menu = bubbles.find(({ key }) => key === menuOf);
  return (menu ?? bubbles.findLast(({ seq }) => seq !== null))?.key ?? null;
}

function inNoWords({ event }: OrderEvent): Happening {
  return { icon: 'order', text: event, said: null, part: null };
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-log': OrderwireLog;
  }
}
