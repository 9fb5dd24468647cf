/** The road of an order in four steps, as far as it has come. */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { OrderPage, OrderStatus } from '../client/index.ts';
import type { Language } from './language/language.ts';

export const stepStyles = css`
  .steps {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: var(--s2);
  }
  .steps li {
    border-top: 3px solid var(--line);
    padding-top: var(--s2);
    color: var(--text-3);
    font: 500 var(--t-small) var(--font);
    min-width: 0;
  }
  .steps li.done {
    border-color: var(--good);
    color: var(--text-2);
  }
  .steps li.now {
    border-color: var(--accent);
    color: var(--text);
  }
  .steps span {
    display: block;
    min-height: 16px;
    font: 400 var(--t-meta) var(--font);
    color: var(--text-3);
  }
`;

const STEPS = ['requirements', 'in_progress', 'delivered', 'completed'] as const;
type Step = (typeof STEPS)[number];

/** How many steps are behind it; none while it goes nowhere. */
const DONE: Readonly<Record<OrderStatus, number | null>> = {
  awaiting_requirements: 0,
  in_progress: 1,
  in_revision: 1,
  delivered: 2,
  completed: 4,
  cancelled: null,
};

export function stepsOf(order: OrderPage, language: Language): TemplateResult | typeof nothing {
  const done = DONE[order.status];
  if (done === null) return nothing;
  return html`<ol class="steps" aria-label=${language.t('order.progress')}>
    ${STEPS.map(
      (step, at) => html`<li
        class=${at < done ? 'done' : at === done ? 'now' : ''}
        aria-current=${at === done ? 'step' : nothing}
      >
        <div class="clip">${language.t(`step.${step}`)}</div>
        <span class="clip">${NOTES[step](order, language)}</span>
      </li>`,
    )}
  </ol>`;
}

const NOTES: Readonly<Record<Step, (order: OrderPage, language: Language) => string>> = {
  requirements: (order, language) =>
    order.status === 'awaiting_requirements'
      ? language.t('step.waiting')
      : language.brief(begunAt(order)),
  in_progress: (order, language) =>
    order.status === 'awaiting_requirements'
      ? ''
      : language.t('step.since', { date: language.brief(begunAt(order)) }),
  delivered: (order, language) => {
    const delivered = lastOf(order, ['delivered']);
    if (delivered && order.status !== 'in_revision') return language.brief(delivered);
    return order.due_at ? language.t('step.by', { date: language.brief(order.due_at) }) : '';
  },
  completed: (order, language) => {
    const completed = lastOf(order, ['completed']);
    if (completed) return language.brief(completed);
    const { review_ends_at: ends } = order;
    return ends ? language.t('step.review', { date: language.brief(ends) }) : '';
  },
};

/** When the seller's clock started. */
function begunAt(order: OrderPage): string {
  return lastOf(order, ['requirements_submitted', 'requirements_skipped']) ?? order.created_at;
}

function lastOf(order: OrderPage, types: readonly string[]): string | undefined {
  return order.timeline.findLast(({ type }) => types.includes(type))?.at;
}
