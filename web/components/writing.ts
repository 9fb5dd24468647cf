/** The controller for what is being written: a message, an answer, or another text for one. */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Entry, Message, Thread } from '../client/index.ts';
import type { Context } from './composer.ts';

type Failure = 'composer.edit.failed' | 'composer.edit.late';

/** As long as the server lets a text change, unless its operators have set another time. */
const EDITABLE_MS = 24 * 60 * 60_000;
const CONFLICT = 409;

export class Writing implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #context: Context | null = null;
  failure: Failure | null = null;
  busy = false;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {}

  get context(): Context | null {
    return this.#context;
  }

  reply({ seq, body }: Message, name: string): void {
    this.#set({ kind: 'reply', seq, name, text: body });
  }

  edit({ seq, body }: Message): void {
    this.#set({ kind: 'edit', seq, name: '', text: body });
  }

  /** Edits the newest message of one's own, if it can be edited. */
  editLast(entries: readonly Entry[], me: string): void {
    const last = entries.findLast((entry) => isOwn(entry, me));
    if (last?.type === 'message' && isRecent(last.at)) this.edit(last);
  }

  drop(): void {
    this.#set(null);
  }

  /** Sends what was written; a correction stays until it is taken. */
  async write(body: string, thread: Thread): Promise<void> {
    const context = this.#context;
    if (context?.kind !== 'edit') {
      this.#set(null);
      thread.send({ body, replyTo: context?.seq ?? null });
    } else if (body === context.text) {
      this.#set(null);
    } else {
      await this.#correct(context, body, thread);
    }
  }

  async #correct(context: Context, body: string, thread: Thread): Promise<void> {
    this.busy = true;
    this.failure = null;
    this.#host.requestUpdate();
    try {
      await thread.edit(context.seq, body);
      if (this.#context === context) this.#context = null;
    } catch (error) {
      const late = (error as { code?: unknown }).code === CONFLICT;
      this.failure = late ? 'composer.edit.late' : 'composer.edit.failed';
    }
    this.busy = false;
    this.#host.requestUpdate();
  }

  #set(context: Context | null): void {
    this.#context = context;
    this.failure = null;
    this.#host.requestUpdate();
  }
}

/** Whether a text may still be changed. */
export function isRecent(at: string): boolean {
  return Date.now() - Date.parse(at) < EDITABLE_MS;
}

function isOwn(entry: Entry, me: string): boolean {
  return entry.type === 'message' && entry.sender === me && !entry.deleted_at;
}
