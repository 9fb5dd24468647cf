/** The quick replies above the composer, as the list of what is being chosen there. */

import { css, html, type TemplateResult } from 'lit';
import { filledIn, type QuickReply } from '../client/index.ts';
import type { Language } from './language/language.ts';

export const QUICK_LIST = 'quick';

export function quickOptionId(at: number): string {
  return `${QUICK_LIST}-${at}`;
}

export const quickListStyles = css`
  .box {
    position: relative;
  }
  .quick {
    position: absolute;
    z-index: 2;
    right: -1px;
    bottom: calc(100% + 6px);
    left: -1px;
    max-height: min(320px, 50vh);
    overflow: auto;
    padding: var(--s1);
    border: 1px solid var(--line);
    border-radius: var(--r2);
    background: var(--raised);
    box-shadow: var(--shadow);
  }
  .quick [role='option'] {
    display: grid;
    grid-template-columns: minmax(0, auto) minmax(0, 1fr);
    gap: var(--s3);
    padding: var(--s2) var(--s3);
    border-radius: var(--r1);
    cursor: pointer;
  }
  .quick [role='option']:hover,
  .quick [aria-selected='true'] {
    background: var(--hover);
  }
  .quick b {
    font-weight: 500;
  }
  .quick .none {
    padding: var(--s3);
  }
`;

export interface QuickListView {
  readonly replies: readonly QuickReply[];
  readonly chosen: number;
  /** Whether there are none at all. */
  readonly none: boolean;
  readonly language: Language;
  readonly values: Readonly<Record<string, string>>;
  readonly take: (reply: QuickReply) => void;
}

export function quickListOf(view: QuickListView): TemplateResult {
  const { replies, chosen, language, values, take } = view;
  if (replies.length === 0) {
    return html`<div class="quick">
      <p class="small none" role="status">${language.t(view.none ? 'quick.empty' : 'quick.none')}</p>
    </div>`;
  }
  return html`<div class="quick" role="listbox" id=${QUICK_LIST} aria-label=${language.t('quick.title')}>
    ${replies.map(
      (reply, at) => html`<div
        role="option"
        id=${quickOptionId(at)}
        aria-selected=${at === chosen}
        @pointerdown=${keepFocus}
        @click=${() => take(reply)}
      >
        <b class="clip" dir="auto">${reply.title}</b>
        <span class="small clip" dir="auto">${filledIn(reply.body, values)}</span>
      </div>`,
    )}
  </div>`;
}

/** One goes on writing. */
function keepFocus(event: Event): void {
  event.preventDefault();
}
