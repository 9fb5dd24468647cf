/** Answers to the requirements: to read, to copy, and as they were before. */

import { css, html, nothing, type TemplateResult } from 'lit';
import type {
  Answer,
  Answers,
  AnswersVersion,
  OrderPage,
  Question,
  RequirementsForm,
} from '../client/index.ts';
import { isAnswered } from '../client/index.ts';
import type { Connection } from './connection.ts';
import './copy.ts';
import { nameOf, whoOf } from './happenings.ts';
import type { Language } from './language/language.ts';
import { otherOf } from './order-parts.ts';

export const readStyles = css`
  .answers {
    display: grid;
    gap: var(--s4);
  }
  .answers dt {
    color: var(--text-2);
    font: 500 var(--t-small) var(--font);
    overflow-wrap: anywhere;
  }
  .answers dd {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: var(--s3);
    align-items: start;
    margin-top: 2px;
  }
  .answers orderwire-copy {
    margin: -6px 0;
  }
  .answers ul {
    list-style: disc;
    padding-left: var(--s4);
  }
  .none {
    color: var(--text-3);
  }
  .handed-in {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: var(--s3);
    min-height: 32px;
  }
  summary {
    cursor: pointer;
    color: var(--text-2);
    font: 500 var(--t-small) var(--font);
  }
  details .answers {
    margin: var(--s3) 0 var(--s4);
    padding-left: var(--s4);
    border-left: 2px solid var(--line);
  }
  details .label {
    margin-top: var(--s4);
  }
`;

export function answersOf(
  form: RequirementsForm,
  order: OrderPage,
  connection: Connection,
): TemplateResult {
  const { questions, answers } = form;
  const { language } = connection;
  const latest = form.versions.at(-1);
  const given = questions.some(({ id }) => isAnswered(answers[id]));
  return html`${
    given
      ? html`<div class="handed-in">
          <span class="meta">${latest ? handedIn(latest, order, connection) : nothing}</span>
          <orderwire-copy
            .language=${language}
            .text=${asText(questions, answers, language)}
            label=${language.t('requirements.copy.all')}
          ></orderwire-copy>
        </div>`
      : nothing
  }
  ${listOf(questions, answers, language, true)}`;
}

/** What was handed in before, the latest first. */
export function earlierOf(form: RequirementsForm, order: OrderPage, connection: Connection) {
  const { language } = connection;
  const earlier = form.versions.slice(0, -1).reverse();
  if (earlier.length === 0) return nothing;
  return html`<details>
    <summary>${language.t('requirements.earlier')}</summary>
    ${earlier.map((version) => {
      const name = whoseOf(version, order, connection);
      const values = { version: version.version, name, date: language.moment(version.at) };
      return html`<h3 class="label">${language.t('requirements.version', values)}</h3>
        ${listOf(form.questions, version.answers, language, false)}`;
    })}
  </details>`;
}

function listOf(
  questions: readonly Question[],
  answers: Answers,
  language: Language,
  copies: boolean,
): TemplateResult {
  return html`<dl class="answers">
    ${questions.map((question) => {
      const answer = answers[question.id];
      return html`<div>
        <dt dir="auto">${question.prompt}</dt>
        <dd>
          ${shown(answer, language)}
          ${
            copies && isAnswered(answer) && question.kind !== 'file'
              ? html`<orderwire-copy
                  small
                  .language=${language}
                  .text=${written(answer)}
                  label=${language.t('requirements.copy')}
                  about=${question.prompt}
                ></orderwire-copy>`
              : nothing
          }
        </dd>
      </div>`;
    })}
  </dl>`;
}

function shown(answer: Answer | undefined, language: Language): TemplateResult {
  if (answer === undefined || !isAnswered(answer)) {
    return html`<span class="none">${language.t('requirements.none_given')}</span>`;
  }
  if (typeof answer === 'string') return html`<p class="prose" dir="auto">${answer}</p>`;
  return html`<ul>
    ${answer.map((one) => html`<li dir="auto">${one}</li>`)}
  </ul>`;
}

function handedIn(version: AnswersVersion, order: OrderPage, connection: Connection): string {
  const { language } = connection;
  const values = {
    who: whoOf(version.by, otherOf(order, connection.client.account), connection),
    date: language.moment(version.at),
  };
  const key = version.version > 1 ? 'requirements.changed_by' : 'requirements.answered_by';
  return language.t(key, values);
}

function whoseOf({ by }: AnswersVersion, order: OrderPage, connection: Connection): string {
  return nameOf(by, otherOf(order, connection.client.account), connection);
}

function asText(questions: readonly Question[], answers: Answers, language: Language): string {
  return questions
    .map(({ id, prompt }) => {
      const answer = written(answers[id]) || language.t('requirements.none_given');
      return `${prompt}\n${answer}`;
    })
    .join('\n\n');
}

function written(answer: Answer | undefined): string {
  return typeof answer === 'string' ? answer : (answer ?? []).join('\n');
}
