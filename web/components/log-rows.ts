/** The rows of a thread as they are shown: day lines, events, groups of bubbles, who is writing. */

import { html, nothing, type TemplateResult } from 'lit';
import type { OrderEvent, Person } from '../client/index.ts';
import './avatar.ts';
import { type BubbleVerb, bubbleOf } from './bubbles.ts';
import type { Happening, OrderPart } from './happenings.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { firstName } from './order-words.ts';
import type { Bubble, Progress, Row } from './rows.ts';

const ICONS = { sending: 'clock', sent: 'tick', read: 'ticks', failed: 'alert' } as const;

export type UnsentVerb = 'retry' | 'discard';

/** What rows are shown with, and what happens when somebody touches them. */
export interface LogView {
  readonly language: Language;
  readonly people: ReadonlyMap<string, Person>;
  readonly connected: boolean;
  readonly happening: (event: OrderEvent) => Happening;
  readonly partLink: (order: string, part: OrderPart) => string;
  readonly nameOf: (account: string) => string;
  readonly verbs: (bubble: Bubble, mine: boolean) => readonly BubbleVerb[];
  /** The bubbles that have their menu, that a finger touched last, that Tab stops at. */
  readonly menuOf: string | null;
  readonly tapped: string | null;
  readonly stop: string | null;
  readonly openMenu: (key: string) => void;
  readonly tap: (key: string) => void;
  readonly act: (verb: BubbleVerb, seq: number) => void;
  readonly reach: (seq: number) => void;
  readonly unsent: (verb: UnsentVerb, clientId: string) => void;
}

export function rowOf(row: Row, view: LogView): TemplateResult {
  switch (row.kind) {
    case 'day':
      return html`<div class="day" data-key=${row.key}>${view.language.day(row.at)}</div>`;
    case 'new':
      return html`<div class="day new" data-key="new">${view.language.t('thread.new')}</div>`;
    case 'event':
      return eventOf(row.key, row.event, view);
    case 'group':
      return row.mine ? mineOf(row.bubbles, view) : theirsOf(row.sender, row.bubbles, view);
  }
}

function eventOf(key: string, event: OrderEvent, view: LogView): TemplateResult {
  const { language, happening, partLink } = view;
  const { icon: sign, text, said, part } = happening(event);
  const link = part && partLink(event.order_id, part);
  return html`<div class="event" data-key=${key}>
    ${icon(sign)}<bdi>${text}</bdi> <time class="meta">${language.clock(event.at)}</time>
    ${link ? html`<a href=${link}>${language.t('order.view')}</a>` : nothing}
    ${said ? html`<p class="said" dir="auto">${said}</p>` : nothing}
  </div>`;
}

function mineOf(bubbles: readonly Bubble[], view: LogView): TemplateResult {
  const last = bubbles.length - 1;
  return html`<div class="group mine">
    <div class="stack">
      ${bubbles.map((one, at) => [
        shown(one, true, view),
        one.progress === 'failed' || at === last ? receiptOf(one, view) : nothing,
      ])}
    </div>
  </div>`;
}

function theirsOf(sender: string, bubbles: readonly Bubble[], view: LogView): TemplateResult {
  const { language, people } = view;
  const person = people.get(sender);
  const [first] = bubbles;
  return html`<div class="group">
    <orderwire-avatar size="s" .person=${person ?? null}></orderwire-avatar>
    <div class="stack">
      <span class="who" dir="auto"
        >${firstName(person?.name ?? sender)} · ${first ? language.clock(first.at) : ''}</span
      >
      ${bubbles.map((one) => shown(one, false, view))}
    </div>
  </div>`;
}

function shown(bubble: Bubble, mine: boolean, view: LogView): TemplateResult {
  const { key, seq } = bubble;
  return bubbleOf({
    bubble,
    mine,
    language: view.language,
    nameOf: view.nameOf,
    verbs: view.verbs(bubble, mine),
    hasMenu: view.menuOf === key,
    tapped: view.tapped === key,
    isStop: view.stop === key,
    openMenu: () => view.openMenu(key),
    tap: () => view.tap(key),
    act: (verb) => seq !== null && view.act(verb, seq),
    reach: view.reach,
  });
}

function receiptOf({ progress, at, clientId, reason }: Bubble, view: LogView) {
  if (!progress) return nothing;
  return html`<span class="receipt ${progress}" title=${reason ?? nothing}
    >${icon(ICONS[progress])}${progressText(progress, at, view)}${
      progress === 'failed' && clientId ? failedActions(clientId, view) : nothing
    }</span
  >`;
}

function progressText(
  progress: NonNullable<Progress>,
  at: string,
  { language, connected }: LogView,
): string {
  if (progress === 'sent') return language.t('message.sent', { time: language.clock(at) });
  if (progress === 'sending' && !connected) return language.t('message.waiting');
  return language.t(`message.${progress}`);
}

function failedActions(clientId: string, { language, unsent }: LogView): TemplateResult {
  return html`<button type="button" @click=${() => unsent('retry', clientId)}>
      ${language.t('retry')}
    </button>
    <button type="button" @click=${() => unsent('discard', clientId)}>
      ${language.t('message.discard')}
    </button>`;
}

/** The first of those who are writing. */
export function typingOf([account]: readonly string[], { language, people }: LogView) {
  if (!account) return nothing;
  const person = people.get(account) ?? null;
  const words = language.t('thread.typing', { name: firstName(person?.name ?? account) });
  return html`<div class="group typing">
    <orderwire-avatar size="s" .person=${person}></orderwire-avatar>
    <div class="stack">
      <div class="bubble dots"><span class="hidden">${words}</span><i></i><i></i><i></i></div>
    </div>
  </div>`;
}
