/** The fields of the requirements' form, one for each kind of question. */

import { css, html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Answer, Question } from '../client/index.ts';
import type { Language } from './language/language.ts';

export const fieldStyles = css`
  form {
    display: grid;
    gap: var(--s5);
  }
  fieldset {
    min-width: 0;
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend,
  .prompt {
    display: block;
    padding: 0;
    margin-bottom: var(--s2);
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .options {
    display: grid;
    gap: 2px;
    border-radius: var(--r1);
  }
  .option {
    display: flex;
    gap: var(--s2);
    align-items: flex-start;
    padding: 6px 0;
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  .option input {
    flex: none;
    width: 16px;
    height: 16px;
    margin: 2px;
    accent-color: var(--accent);
  }
  .problem {
    margin-top: 4px;
    color: var(--bad);
    font: 400 var(--t-small) var(--font);
  }
  @media (pointer: coarse) {
    textarea.field {
      font-size: 16px;
    }
  }
`;

export interface QuestionField {
  readonly question: Question;
  readonly answer: Answer | undefined;
  /** What is wrong with it, in words. */
  readonly problem: string | null;
  readonly language: Language;
  readonly take: (answer: Answer) => void;
}

const FIELDS: Readonly<Record<Question['kind'], (field: QuestionField) => TemplateResult>> = {
  text: textOf,
  choice: choiceOf,
  file: fileOf,
};

const LONGEST_ANSWER = 10_000;

export function fieldOf(field: QuestionField): TemplateResult {
  return FIELDS[field.question.kind](field);
}

function textOf(field: QuestionField): TemplateResult {
  const { question, answer, problem, take } = field;
  return html`<div class=${problem ? 'invalid' : ''}>
    <label
      ><span class="prompt" dir="auto">${promptOf(field)}</span>
      <textarea
        class="field"
        rows="3"
        dir="auto"
        maxlength=${LONGEST_ANSWER}
        .value=${live(typeof answer === 'string' ? answer : '')}
        aria-required=${question.required}
        aria-invalid=${problem !== null}
        aria-describedby=${problem ? `problem-${question.id}` : nothing}
        @input=${({ target }: Event) => take((target as HTMLTextAreaElement).value)}
      ></textarea>
    </label>
    ${problemOf(field)}
  </div>`;
}

function choiceOf(field: QuestionField): TemplateResult {
  const { question, problem, language } = field;
  return html`<fieldset
    class=${problem ? 'invalid' : ''}
    aria-describedby=${problem ? `problem-${question.id}` : nothing}
  >
    <legend dir="auto">${promptOf(field)}</legend>
    <div class="options">
      ${question.options.map((option) => optionOf(option, option, field))}
      ${
        question.multiple || question.required
          ? nothing
          : optionOf('', language.t('requirements.choose.none'), field)
      }
    </div>
    ${problemOf(field)}
  </fieldset>`;
}

function optionOf(value: string, label: string, field: QuestionField): TemplateResult {
  const { question, answer, take } = field;
  const chosen = typeof answer === 'string' ? [answer] : (answer ?? ['']);
  const toggled = ({ target }: Event) => {
    const { checked } = target as HTMLInputElement;
    if (!question.multiple) return take(value);
    // As the seller has sorted them.
    const now = (option: string) => (option === value ? checked : chosen.includes(option));
    return take(question.options.filter(now));
  };
  return html`<label class="option">
    <input
      type=${question.multiple ? 'checkbox' : 'radio'}
      name=${question.id}
      .checked=${live(chosen.includes(value))}
      @change=${toggled}
    />
    <span dir="auto">${label}</span>
  </label>`;
}

function fileOf(field: QuestionField): TemplateResult {
  return html`<div>
    <span class="prompt" dir="auto">${promptOf(field)}</span>
    <p class="small">${field.language.t('requirements.files')}</p>
    ${problemOf(field)}
  </div>`;
}

function promptOf({ question, language }: QuestionField): TemplateResult {
  return html`${question.prompt}${
    question.required
      ? html` <span class="meta">· ${language.t('requirements.required')}</span>`
      : nothing
  }`;
}

function problemOf({ question, problem }: QuestionField) {
  return problem ? html`<p class="problem" id=${`problem-${question.id}`}>${problem}</p>` : nothing;
}
