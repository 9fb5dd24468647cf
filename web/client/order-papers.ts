/**
 * What lies around an order: private notes, the plan, the first steps. What is changed shows at
 * once, and goes back if it is refused.
 */

import type { Requests } from './api.ts';
import type { Note, OrderPage, Plan, Task, Welcome } from './types.ts';

/** The page that the papers lie on. */
export interface PageHolder {
  page(): OrderPage | null;
  change(changes: Partial<OrderPage>): void;
}

const NO_PLAN: Plan = { tasks: [], approval: 'none', version: 0 };

export class OrderPapers {
  readonly #path: string;
  readonly #api: Requests;
  readonly #holder: PageHolder;
  /** Plans go one after the other: each is the whole plan. */
  #planning: Promise<void> = Promise.resolve();
  #plansWaiting = 0;

  constructor(path: string, api: Requests, holder: PageHolder) {
    this.#path = path;
    this.#api = api;
    this.#holder = holder;
  }

  async addNote(body: string): Promise<void> {
    const note = await this.#api.send<Note>('POST', `${this.#path}/notes`, { body });
    this.#notes((notes) => [...notes.filter(({ id }) => id !== note.id), note]);
  }

  async changeNote(id: string, body: string): Promise<void> {
    const path = `${this.#path}/notes/${encodeURIComponent(id)}`;
    const note = await this.#api.send<Note>('PATCH', path, { body });
    this.#notes((notes) => notes.map((one) => (one.id === id ? note : one)));
  }

  async dropNote(id: string): Promise<void> {
    const dropped = this.#holder.page()?.notes ?? [];
    this.#notes((notes) => notes.filter((one) => one.id !== id));
    try {
      await this.#api.send('DELETE', `${this.#path}/notes/${encodeURIComponent(id)}`);
    } catch (error) {
      this.#notes(() => dropped);
      throw error;
    }
  }

  /** Writes the plan anew. */
  async putPlan(tasks: readonly Task[]): Promise<void> {
    const before = this.#holder.page()?.plan ?? null;
    this.#holder.change({ plan: { ...(before ?? NO_PLAN), tasks } });
    this.#plansWaiting += 1;
    const sent = this.#planning.then(() =>
      this.#api.send<Plan>('PUT', `${this.#path}/plan`, { tasks }),
    );
    this.#planning = sent.then(ended, ended);
    try {
      const plan = await sent;
      // One that was written meanwhile is shown already.
      if (this.#plansWaiting === 1) this.#holder.change({ plan });
    } catch (error) {
      if (this.#plansWaiting === 1) this.#holder.change({ plan: before });
      throw error;
    } finally {
      this.#plansWaiting -= 1;
    }
  }

  /** Ticks a first step off, or on again. */
  async tick(step: string, done: boolean): Promise<void> {
    const before = this.#holder.page()?.welcome ?? null;
    if (!before) return;
    const items = before.items.map((one) => (one.id === step ? { ...one, done } : one));
    this.#holder.change({ welcome: { items } });
    try {
      const ticked = items.filter((one) => one.done).map(({ id }) => id);
      const welcome = await this.#api.send<Welcome>('PUT', `${this.#path}/welcome`, {
        done: ticked,
      });
      this.#holder.change({ welcome });
    } catch (error) {
      this.#holder.change({ welcome: before });
      throw error;
    }
  }

  #notes(change: (notes: readonly Note[]) => readonly Note[]): void {
    this.#holder.change({ notes: change(this.#holder.page()?.notes ?? []) });
  }
}

function ended(): void {}
