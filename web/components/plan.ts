/** `<orderwire-plan>`: an order's tasks: the seller writes them, the buyer approves them. */

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { OrderAction, OrderPage, Plan, Task } from '../client/index.ts';
import type { Connection } from './connection.ts';
import { Doing } from './doing.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { otherOf } from './order-parts.ts';
import { firstName, type Tone } from './order-words.ts';
import { planStyles } from './plan-styles.ts';

const NO_TASKS: readonly Task[] = [];
const LONGEST_TITLE = 300;
const MOST_TASKS = 100;
/** Of the day that was chosen: the same date in most of the world. */
const AT_NOON = 'T12:00';

const TONES: Readonly<Record<Plan['approval'], Tone>> = {
  none: 'idle',
  sent: 'warn',
  approved: 'good',
  returned: 'bad',
};

const ANSWERS: readonly OrderAction[] = ['send_plan', 'approve_plan', 'return_plan'];

@customElement('orderwire-plan')
export class OrderwirePlan extends LitElement {
  static override styles = [look, planStyles];

  @property({ attribute: false }) order: OrderPage | null = null;
  @state() private wording = '';
  @state() private due = '';
  @state() private failed = false;
  @query('.new .text') private newTask!: HTMLInputElement | null;
  readonly #live = new Live(this);
  readonly #doing = new Doing(this);

  override render() {
    const { order } = this;
    if (!order) return nothing;
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const writes = client.account === order.seller.id && isOpen(order);
      const side = client.account === order.seller.id ? 'seller' : 'buyer';
      const name = firstName(otherOf(order, client.account).name);
      const tasks = order.plan?.tasks ?? NO_TASKS;
      return html`<div class="inner">
        <p class="small">${language.t(`plan.lead.${side}`, { name })}</p>
        ${
          tasks.length > 0
            ? html`<ul aria-label=${language.t('plan.tasks')}>
                ${repeat(
                  tasks,
                  ({ id }) => id,
                  (task) => (writes ? this.#written(task, language) : read(task, language)),
                )}
              </ul>`
            : html`<div class="blank">${icon('plan')}${language.t(`plan.empty.${side}`, { name })}</div>`
        }
        ${writes && tasks.length < MOST_TASKS ? this.#new(language) : nothing}
        <p class="small failed" role="alert">${this.failed ? language.t('plan.failed') : nothing}</p>
        ${order.plan ? this.#approval(order, order.plan, connection) : nothing}
        ${this.#doing.render(connection)}
      </div>`;
    });
  }

  #written(task: Task, language: Language): TemplateResult {
    const { title } = task;
    return html`<li>
      <input
        type="checkbox"
        .checked=${live(task.done)}
        aria-label=${language.t('plan.done', { title })}
        @change=${({ target }: Event) =>
          this.#change(task, { done: (target as HTMLInputElement).checked })}
      />
      <input
        class="text ${task.done ? 'done' : ''}"
        dir="auto"
        required
        maxlength=${LONGEST_TITLE}
        .value=${title}
        aria-label=${language.t('plan.task')}
        @change=${({ target }: Event) => this.#rename(task, target as HTMLInputElement)}
        @keydown=${leaveOnEnter}
      />
      <input
        class="date"
        type="date"
        .value=${dayOf(task.due_at)}
        aria-label=${`${language.t('plan.due')}: ${title}`}
        @change=${({ target }: Event) =>
          this.#change(task, { due_at: momentOf((target as HTMLInputElement).value) })}
      />
      <button
        class="icon"
        type="button"
        aria-label=${language.t('plan.remove', { title })}
        @click=${() => this.#put((tasks) => tasks.filter(({ id }) => id !== task.id))}
      >
        ${icon('trash')}
      </button>
    </li>`;
  }

  #new(language: Language): TemplateResult {
    return html`<form class="new" @submit=${this.#add}>
      <input
        class="field text"
        dir="auto"
        maxlength=${LONGEST_TITLE}
        placeholder=${language.t('plan.add.label')}
        aria-label=${language.t('plan.add.label')}
        .value=${live(this.wording)}
        @input=${({ target }: Event) => {
          this.wording = (target as HTMLInputElement).value;
        }}
      />
      <input
        class="field date"
        type="date"
        aria-label=${language.t('plan.due')}
        .value=${live(this.due)}
        @change=${({ target }: Event) => {
          this.due = (target as HTMLInputElement).value;
        }}
      />
      <button class="btn s" ?disabled=${!this.wording.trim()}>
        ${icon('plus')}${language.t('plan.add')}
      </button>
    </form>`;
  }

  #approval(order: OrderPage, { approval, tasks }: Plan, connection: Connection): TemplateResult {
    const { client, language } = connection;
    const name = firstName(otherOf(order, client.account).name);
    const mine = approval === 'sent' && client.account === order.buyer.id;
    const text = language.t(mine ? 'plan.approval.sent.mine' : `plan.approval.${approval}`, {
      name,
    });
    const sendable = tasks.length > 0 && (approval === 'none' || approval === 'returned');
    const open = ANSWERS.filter((action) => order.available_actions.includes(action)).filter(
      (action) => action !== 'send_plan' || sendable,
    );
    return html`<div class="approval">
      <span class="status grow ${TONES[approval]}" role="status">${text}</span>
      ${open.map((action) => this.#answer(action, order, connection))}
    </div>`;
  }

  #answer(action: OrderAction, order: OrderPage, connection: Connection): TemplateResult {
    return html`<button
      class="btn ${action === 'return_plan' ? '' : 'primary'}"
      type="button"
      ?disabled=${this.#doing.busy}
      @click=${() => this.#doing.start(action, order, connection, seen(action, order))}
    >
      ${connection.language.find(`action.${action}`)}
    </button>`;
  }

  #add(event: Event): void {
    event.preventDefault();
    const title = this.wording.trim();
    if (!title) return;
    const task: Task = {
      id: crypto.randomUUID(),
      title,
      due_at: momentOf(this.due),
      done: false,
    };
    this.wording = this.due = '';
    this.newTask?.focus();
    void this.#put((tasks) => [...tasks, task]);
  }

  #rename(task: Task, field: HTMLInputElement): void {
    const title = field.value.trim();
    if (title) void this.#change(task, { title });
    // A task without a title is none; the one that it had stays.
    else field.value = task.title;
  }

  #change(task: Task, changes: Partial<Task>): Promise<void> {
    return this.#put((tasks) =>
      tasks.map((one) => (one.id === task.id ? { ...one, ...changes } : one)),
    );
  }

  async #put(change: (tasks: readonly Task[]) => readonly Task[]): Promise<void> {
    const connection = this.#live.connection;
    if (!connection || !this.order) return;
    const { papers } = connection.client.order(this.order.id);
    this.failed = false;
    try {
      await papers.putPlan(change(this.order.plan?.tasks ?? NO_TASKS));
    } catch {
      this.failed = true;
    }
  }
}

function read(task: Task, language: Language): TemplateResult {
  return html`<li>
    <span class="tick ${task.done ? 'on' : ''}">${task.done ? icon('tick') : nothing}</span>
    <span class="text ${task.done ? 'done' : ''}" dir="auto">${task.title}</span>
    ${task.due_at ? html`<time class="small">${language.date(task.due_at)}</time>` : nothing}
  </li>`;
}

/** Which plan is answered: what was sent meanwhile, nobody has seen. */
function seen(action: OrderAction, { plan }: OrderPage): object {
  return plan && action !== 'send_plan' ? { version: plan.version } : {};
}

function isOpen({ status }: OrderPage): boolean {
  return status !== 'completed' && status !== 'cancelled';
}

function leaveOnEnter(event: KeyboardEvent): void {
  if (event.key === 'Enter') (event.target as HTMLElement).blur();
}

/** The date of a moment here, as a date field has it. */
function dayOf(at: string | null): string {
  if (!at) return '';
  const day = new Date(at);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

function momentOf(day: string): string | null {
  return day ? new Date(day + AT_NOON).toISOString() : null;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-plan': OrderwirePlan;
  }
}
