/** One bubble of a thread: its text, what it answers, and what one can do with it. */

import { html, nothing, type TemplateResult } from 'lit';
import type { Icon } from './icons.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { linked } from './linked.ts';
import './menu.ts';
import type { Bubble, Quote } from './rows.ts';

/** What can be done with a message. */
export type BubbleVerb = 'reply' | 'edit' | 'delete' | 'unread' | 'report';

export const VERB_ICONS: Readonly<Record<BubbleVerb, Icon>> = {
  reply: 'reply',
  edit: 'edit',
  delete: 'trash',
  unread: 'unread',
  report: 'flag',
};

export interface BubbleView {
  readonly bubble: Bubble;
  readonly mine: boolean;
  readonly language: Language;
  readonly nameOf: (account: string) => string;
  readonly verbs: readonly BubbleVerb[];
  /** Whether its menu is here; until then a plain button holds its place. */
  readonly hasMenu: boolean;
  readonly tapped: boolean;
  /** Whether Tab stops at its button; arrows lead to the others. */
  readonly isStop: boolean;
  readonly openMenu: () => void;
  readonly tap: () => void;
  readonly act: (verb: BubbleVerb) => void;
  readonly reach: (seq: number) => void;
}

export function bubbleOf(view: BubbleView): TemplateResult {
  const { bubble, language } = view;
  const { key, body, deleted, edited } = bubble;
  if (deleted) {
    return html`<div class="line" data-key=${key}>
      <div class="bubble deleted">${language.t('thread.deleted')}</div>
    </div>`;
  }
  return html`<div class="line ${view.tapped ? 'tapped' : ''}" data-key=${key}>
    <div class="bubble" dir="auto" @click=${view.tap}>${quoteOf(bubble.quote, view)}${linked(body)}${
      edited ? html` <span class="meta">${language.t('thread.edited')}</span>` : nothing
    }</div>
    ${bubble.seq !== null && view.verbs.length > 0 ? toolsOf(view) : nothing}
  </div>`;
}

function quoteOf(quote: Quote | null, { language, nameOf, reach }: BubbleView) {
  if (!quote) return nothing;
  const { seq, message } = quote;
  const said = message?.deleted_at ? language.t('thread.deleted') : message?.body;
  return html`<button class="quote" type="button" @click=${() => reach(seq)}>${
    message
      ? html`<b>${nameOf(message.sender)}</b> <span>${said}</span>`
      : language.t('thread.quote.earlier')
  }</button>`;
}

function toolsOf(view: BubbleView): TemplateResult {
  const { language, mine, verbs, act, hasMenu, isStop, openMenu } = view;
  if (!hasMenu) {
    return html`<button
      class="icon tools"
      type="button"
      tabindex=${isStop ? 0 : -1}
      aria-label=${language.t('message.more')}
      aria-haspopup="menu"
      @click=${openMenu}
    >
      ${icon('more')}
    </button>`;
  }
  const choices = verbs.map((verb) => ({
    name: language.t(`message.${verb}`),
    icon: VERB_ICONS[verb],
    choose: () => act(verb),
  }));
  return html`<orderwire-menu
    class="tools"
    begin
    align=${mine ? 'start' : 'end'}
    ?skipped=${!isStop}
    .choices=${choices}
    label=${language.t('message.more')}
  ></orderwire-menu>`;
}
