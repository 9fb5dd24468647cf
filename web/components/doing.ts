/** The controller through which elements do something with an order: at once, or after asking. */

import { html, nothing, type ReactiveController, type ReactiveControllerHost } from 'lit';
import type { Order, OrderAction } from '../client/index.ts';
import { type Field, failureOf, type Question } from './ask.ts';
import { Asking, keepFocus } from './asking.ts';
import type { Connection } from './connection.ts';
import type { Language } from './language/language.ts';
import { otherOf } from './order-parts.ts';
import { firstName } from './order-words.ts';

type FieldName = 'message' | 'changes' | 'days' | 'reason';

interface Needs {
  readonly fields: readonly (readonly [label: FieldName, required: boolean])[];
  readonly danger?: boolean;
}

/** What has to be asked before; all else is done at once. */
const NEEDS: Readonly<Partial<Record<OrderAction | 'accept_cancellation', Needs>>> = {
  skip_requirements: { fields: [] },
  deliver: { fields: [['message', false]] },
  request_revision: { fields: [['changes', true]] },
  accept: { fields: [] },
  request_extension: {
    fields: [
      ['days', true],
      ['reason', false],
    ],
  },
  request_cancellation: { fields: [['reason', true]], danger: true },
  accept_cancellation: { fields: [], danger: true },
  decline_request: { fields: [['reason', false]] },
  cancel: { fields: [['reason', false]], danger: true },
  return_plan: { fields: [['changes', true]] },
};

/** As the API calls them, where that differs from how we do. */
const NAMES: Readonly<Partial<Record<FieldName, string>>> = { changes: 'message' };

export class Doing implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #asking: Asking;
  #failure: 'actions.outdated' | 'actions.failed' | null = null;
  busy = false;

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host;
    this.#asking = new Asking(host);
    host.addController(this);
  }

  hostConnected(): void {}

  /** Does it, or asks first; `known` comes along with what is given then. */
  start(action: OrderAction, order: Order, connection: Connection, known: object = {}): void {
    const run = (given: object) =>
      connection.client.order(order.id).act(action, { ...known, ...given });
    const question = questionOf(action, order, connection);
    this.#failure = null;
    if (question) this.#asking.ask({ ...question, run });
    else void this.#now(() => run({}));
    this.#host.requestUpdate();
  }

  /** The dialog, and what went wrong; stands once in the element's template. */
  render({ language }: { readonly language: Language }) {
    return html`<p class="small failed" role="alert">
        ${this.#failure ? language.t(this.#failure) : nothing}
      </p>
      ${this.#asking.render(language)}`;
  }

  async #now(run: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await run();
    } catch (error) {
      this.#failure = failureOf(error);
    } finally {
      this.busy = false;
      this.#host.requestUpdate();
      void keepFocus(this.#host);
    }
  }
}

function questionOf(
  action: OrderAction,
  order: Order,
  { client, language }: Connection,
): Omit<Question, 'run'> | null {
  const cancels = action === 'accept_request' && order.pending_request?.kind === 'cancellation';
  const key = cancels ? 'accept_cancellation' : action;
  const needs = NEEDS[key];
  if (!needs) return null;
  const name = firstName(otherOf(order, client.account).name);
  return {
    title: language.find(`ask.${key}`) ?? '',
    text: language.find(`ask.${key}.text`, { name }) ?? '',
    fields: needs.fields.map(([label, required]) => fieldOf(label, required, language)),
    confirm: language.find(`action.${action}`, { name }) ?? '',
    danger: needs.danger ?? false,
  };
}

function fieldOf(label: FieldName, required: boolean, language: Language): Field {
  return {
    name: NAMES[label] ?? label,
    label: language.t(`field.${label}`),
    kind: label === 'days' ? 'days' : 'text',
    required,
  };
}
