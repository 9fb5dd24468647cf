/** `<orderwire-requirements>`: what the seller asks; a form for the buyer, answers to read for both. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import {
  gapsIn,
  isAnswered,
  type OrderPage,
  type Requirements,
  type RequirementsForm,
  type RequirementsState,
} from '../client/index.ts';
import type { Connection } from './connection.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { otherOf } from './order-parts.ts';
import { firstName } from './order-words.ts';
import { answersOf, earlierOf, readStyles } from './requirements-answers.ts';
import { fieldOf, fieldStyles } from './requirements-fields.ts';

@customElement('orderwire-requirements')
export class OrderwireRequirements extends LitElement {
  static override styles = [
    look,
    fieldStyles,
    readStyles,
    css`
      :host {
        display: block;
        padding: var(--s5) var(--edge, 0);
      }
      .inner {
        display: grid;
        gap: var(--s5);
        max-width: 680px;
      }
      .progress {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--s1) var(--s4);
      }
      progress {
        grid-column: 1 / -1;
        appearance: none;
        width: 100%;
        height: 3px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
        transition: width var(--fast);
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      .end {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) order: OrderPage | null = null;
  /** The buyer changes answers that were handed in. */
  @state() private changing = false;
  /** What is missing is said once somebody wants to hand in. */
  @state() private tried = false;
  @state() private refused = false;
  @state() private busy = false;
  readonly #live = new Live(this);

  override render() {
    const { order } = this;
    if (!order) return nothing;
    return this.#live.with((connection) => {
      const { requirements } = connection.client.order(order.id);
      const shown = this.#live.read(this.#live.keep(requirements).state);
      const { form } = shown;
      if (shown.phase === 'gone' || !form) return nothing;
      return html`<div class="inner">
        ${
          this.#isWritten(form, order, connection)
            ? this.#form(form, shown, order, connection)
            : this.#answers(form, order, connection)
        }
      </div>`;
    });
  }

  #isWritten(form: RequirementsForm, order: OrderPage, { client }: Connection): boolean {
    if (client.account !== order.buyer.id || !form.may_change) return false;
    return this.changing || order.available_actions.includes('submit_requirements');
  }

  #form(
    form: RequirementsForm,
    { answers, saving, wrong }: RequirementsState,
    order: OrderPage,
    { client, language }: Connection,
  ): TemplateResult {
    const { requirements } = client.order(order.id);
    const { questions } = form;
    const gaps = new Set(this.tried ? gapsIn(questions, answers).map(({ id }) => id) : []);
    const answered = questions.filter(({ id }) => isAnswered(answers[id])).length;
    const name = firstName(order.seller.name);
    const first = order.available_actions.includes('submit_requirements');
    return html`<p class="small">${language.t('requirements.lead', { name })}</p>
      <div class="progress">
        <span class="small">${progressText(answered, questions.length, language)}</span>
        <span class="meta" role="status"
          >${saving === 'saved' && !form.draft ? nothing : language.t(`requirements.${saving}`)}</span
        >
        <progress
          value=${answered}
          max=${questions.length}
          aria-label=${progressText(answered, questions.length, language)}
        ></progress>
      </div>
      <form @submit=${(event: Event) => this.#submit(event, requirements, form)}>
        ${questions.map((question) =>
          fieldOf({
            question,
            answer: answers[question.id],
            problem: problemOf(question.id, gaps, wrong, language),
            language,
            take: (answer) => requirements.answer(question.id, answer),
          }),
        )}
        <p class="small failed" role="alert">
          ${this.refused ? language.t('requirements.not_taken') : nothing}
        </p>
        <div class="end">
          <button class="btn primary" ?disabled=${this.busy}>
            ${language.t(first ? 'requirements.submit' : 'requirements.change.submit')}
          </button>
          ${
            first
              ? html`<span class="small">${language.t('requirements.submit.text')}</span>`
              : html`<button class="btn" type="button" @click=${() => this.#leave(requirements)}>
                  ${language.t('requirements.change.discard')}
                </button>`
          }
        </div>
      </form>`;
  }

  #answers(form: RequirementsForm, order: OrderPage, connection: Connection): TemplateResult {
    const { client, language } = connection;
    const name = firstName(otherOf(order, client.account).name);
    const mayChange = form.may_change && client.account === order.buyer.id;
    return html`${
      form.status === 'submitted'
        ? nothing
        : html`<p class="small">
            ${
              form.status === 'skipped'
                ? language.t('requirements.skipped')
                : language.t('requirements.pending', { name })
            }
          </p>`
    }
    ${answersOf(form, order, connection)}
    ${
      mayChange
        ? html`<div>
            <button class="btn" type="button" @click=${this.#change}>
              ${icon('edit')}${language.t(
                form.status === 'submitted' ? 'requirements.change' : 'action.submit_requirements',
              )}
            </button>
          </div>`
        : nothing
    }
    ${earlierOf(form, order, connection)}`;
  }

  #change(): void {
    this.changing = true;
  }

  #leave(requirements: Requirements): void {
    requirements.discard();
    this.changing = this.tried = this.refused = false;
  }

  async #submit(event: Event, requirements: Requirements, form: RequirementsForm): Promise<void> {
    event.preventDefault();
    this.tried = true;
    this.refused = false;
    const { answers } = requirements.state.value;
    if (gapsIn(form.questions, answers).length > 0) return this.#showProblem();
    this.busy = true;
    try {
      await requirements.submit();
      this.changing = this.tried = false;
    } catch {
      this.refused = true;
      await this.#showProblem();
    } finally {
      this.busy = false;
    }
  }

  /** Goes to the first question that is not answered as it should be. */
  async #showProblem(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.invalid :is(textarea, input)')?.focus();
  }
}

function progressText(answered: number, total: number, language: Language): string {
  return language.t('requirements.progress', { answered, total });
}

function problemOf(
  question: string,
  gaps: ReadonlySet<string>,
  wrong: Readonly<Record<string, string>>,
  language: Language,
): string | null {
  if (gaps.has(question)) return language.t('requirements.gap');
  return wrong[question] === undefined ? null : language.t('requirements.wrong');
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-requirements': OrderwireRequirements;
  }
}
