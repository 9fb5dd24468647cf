/**
 * What the seller asks and the buyer answers. Answers are saved as a draft while they are
 * written, and kept in the browser until the server has them.
 */

import { Problem, type Requests } from './api.ts';
import { isGone } from './gone.ts';
import { type Readable, Store } from './observable.ts';
import type { Orders } from './orders.ts';
import type { Answer, Answers, Question, RequirementsForm } from './types.ts';

/** How far the draft is on its way to the server. */
export type Saving = 'saved' | 'waiting' | 'saving' | 'failed';

export interface RequirementsState {
  readonly phase: 'loading' | 'gone' | 'ready';
  readonly form: RequirementsForm | null;
  /** As they are written now. */
  readonly answers: Answers;
  readonly saving: Saving;
  /** What the server found wrong, by question. */
  readonly wrong: Readonly<Record<string, string>>;
}

type Notes = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface RequirementsParts {
  readonly account: string;
  readonly api: Requests;
  readonly orders: Orders;
  /** Of the order, in the API. */
  readonly path: string;
  /** Where answers wait that the server does not have. */
  readonly notes?: Notes;
}

const PAUSE_MS = 800;
const RETRY_MS = 4_000;

export class Requirements {
  readonly #id: string;
  readonly #parts: RequirementsParts;
  readonly #state = new Store<RequirementsState>({
    phase: 'loading',
    form: null,
    answers: {},
    saving: 'saved',
    wrong: {},
  });
  #viewers = 0;
  #forget = () => {};
  #version = 0;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The request that is on its way: the next one waits for it. */
  #sending: Promise<void> = Promise.resolve();

  constructor(id: string, parts: RequirementsParts) {
    this.#id = id;
    this.#parts = parts;
  }

  get state(): Readable<RequirementsState> {
    return this.#state;
  }

  /** Keeps them up to date until the answer is called. */
  open(): () => void {
    this.#viewers += 1;
    if (this.#viewers === 1) this.#begin();
    return () => {
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#end();
    };
  }

  /** Takes an answer as it is written; it is saved a moment later. */
  answer(question: string, answer: Answer): void {
    const { [question]: _, ...wrong } = this.#state.value.wrong;
    const answers = { ...this.#state.value.answers, [question]: answer };
    this.#state.patch({ answers, wrong, saving: 'waiting' });
    this.#notes?.setItem(this.#note, JSON.stringify(answers));
    this.#saveIn(PAUSE_MS);
  }

  /** Takes changes back that were not handed in. */
  discard(): void {
    const { form } = this.#state.value;
    if (!form) return;
    this.#state.patch({ answers: form.answers, wrong: {}, saving: 'waiting' });
    this.#saveIn(0);
  }

  /** Hands the answers in; throws if they are not taken. */
  async submit(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const form = await this.#send(this.#state.value.answers, true);
      this.#kept();
      this.#state.patch({ form, answers: answersOf(form), saving: 'saved', wrong: {} });
    } catch (error) {
      this.#state.patch({ wrong: wrongIn(error), saving: 'waiting' });
      throw error;
    }
  }

  get #note(): string {
    return `orderwire.answers:${this.#parts.account}:${this.#id}`;
  }

  get #notes(): Notes | undefined {
    return this.#parts.notes ?? globalThis.localStorage;
  }

  #begin(): void {
    const { orders } = this.#parts;
    this.#version = orders.state.value.orders.get(this.#id)?.version ?? 0;
    this.#forget = orders.state.subscribe(({ orders: known }) => {
      const version = known.get(this.#id)?.version ?? 0;
      if (version <= this.#version) return;
      this.#version = version;
      void this.#load();
    });
    void this.#load();
  }

  /** What is written goes to the server still; nobody waits for the rest. */
  #end(): void {
    this.#asked += 1;
    this.#forget();
    if (this.#state.value.saving === 'waiting') void this.#save();
  }

  async #load(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const form = await this.#parts.api.get<RequirementsForm>(`${this.#parts.path}/requirements`);
      if (asked === this.#asked) this.#loaded(form);
    } catch (error) {
      if (asked !== this.#asked) return;
      if (isGone(error)) this.#state.patch({ phase: 'gone' });
      else setTimeout(() => asked === this.#asked && void this.#load(), RETRY_MS);
    }
  }

  /** What is being written stands over what the server has. */
  #loaded(form: RequirementsForm): void {
    const { phase, saving, answers } = this.#state.value;
    const left = phase === 'ready' ? null : this.#leftBehind();
    const unsaved = saving === 'saved' ? left : answers;
    this.#state.patch({ phase: 'ready', form, answers: unsaved ?? answersOf(form) });
    if (!left) return;
    this.#state.patch({ saving: 'waiting' });
    this.#saveIn(0);
  }

  #leftBehind(): Answers | null {
    const note = this.#notes?.getItem(this.#note);
    return note ? (JSON.parse(note) as Answers) : null;
  }

  #saveIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(), ms);
  }

  async #save(): Promise<void> {
    clearTimeout(this.#timer);
    const { answers } = this.#state.value;
    this.#state.patch({ saving: 'saving' });
    try {
      const { status, draft } = await this.#send(answers, false);
      const { form } = this.#state.value;
      // What was written meanwhile is saved next.
      if (form) this.#state.patch({ form: { ...form, status, draft } });
      if (this.#state.value.answers === answers) this.#saved();
    } catch (error) {
      this.#failed(error, answers);
    }
  }

  #saved(): void {
    this.#kept();
    this.#state.patch({ saving: 'saved' });
  }

  #kept(): void {
    this.#notes?.removeItem(this.#note);
  }

  #failed(error: unknown, answers: Answers): void {
    if (this.#state.value.answers !== answers) return;
    this.#state.patch({ saving: 'failed', wrong: wrongIn(error) });
    if (!(error instanceof Problem) || error.status >= 500) this.#saveIn(RETRY_MS);
  }

  /** One after the other, so that what was written last is what the server has. */
  #send(answers: Answers, submit: boolean): Promise<RequirementsForm> {
    const given = Object.fromEntries(Object.entries(answers).filter(([, one]) => isAnswered(one)));
    const { api, path } = this.#parts;
    const sent = this.#sending.then(() =>
      api.send<RequirementsForm>('PUT', `${path}/requirements`, { answers: given, submit }),
    );
    this.#sending = sent.then(ended, ended);
    return sent;
  }
}

/** Whether there is anything in an answer. */
export function isAnswered(answer: Answer | undefined): boolean {
  if (answer === undefined) return false;
  return typeof answer === 'string' ? answer.trim() !== '' : answer.length > 0;
}

/** The required questions that have no answer. */
export function gapsIn(questions: readonly Question[], answers: Answers): readonly Question[] {
  return questions.filter(({ id, required }) => required && !isAnswered(answers[id]));
}

function answersOf({ draft, answers }: RequirementsForm): Answers {
  return draft ?? answers;
}

const FIELD = 'answers.';

function wrongIn(error: unknown): Record<string, string> {
  const errors = error instanceof Problem ? error.errors : [];
  return Object.fromEntries(
    errors
      .filter(({ path }) => path.startsWith(FIELD))
      .map(({ path, message }) => [path.slice(FIELD.length), message]),
  );
}

function ended(): void {}
