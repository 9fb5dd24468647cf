/** What is begun and not sent yet, the same on all devices of an account. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Socket } from './socket.ts';
import type { Draft } from './types.ts';

/** So long after the last key it is told. */
const QUIET_MS = 800;

interface Waiting {
  readonly body: string;
  readonly timer: ReturnType<typeof setTimeout>;
  isOnItsWay: boolean;
}

export class Drafts {
  readonly #api: Requests;
  readonly #socket: Pick<Socket, 'rpc'>;
  readonly #known = new Store<ReadonlyMap<string, Draft>>(new Map());
  /** What was written here and is not told yet. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(api: Requests, socket: Pick<Socket, 'rpc'>) {
    this.#api = api;
    this.#socket = socket;
  }

  get state(): Readable<ReadonlyMap<string, Draft>> {
    return this.#known;
  }

  /** Asks what was begun elsewhere in a conversation. */
  async open(conversation: string): Promise<void> {
    try {
      const path = `/v1/conversations/${encodeURIComponent(conversation)}/draft`;
      this.heard((await this.#api.get<{ readonly draft: Draft }>(path)).draft);
    } catch {
      // What was begun here is here all the same.
    }
  }

  /** Takes what another device says, unless something is being written here. */
  heard(draft: Draft): void {
    const { conversation_id: conversation, version } = draft;
    if (this.#waiting.has(conversation)) return;
    if (version <= (this.#known.value.get(conversation)?.version ?? 0)) return;
    this.#known.set(new Map(this.#known.value).set(conversation, draft));
  }

  /** Tells the other devices, once the keys are quiet; at once that it was sent. */
  write(conversation: string, body: string): void {
    const before = this.#waiting.get(conversation);
    clearTimeout(before?.timer);
    this.#waiting.delete(conversation);
    // Of what nobody heard, nobody needs to hear that it is over.
    if (!(body || before?.isOnItsWay || this.#known.value.get(conversation)?.body)) return;
    const timer = setTimeout(() => void this.#tell(conversation, body), body ? QUIET_MS : 0);
    this.#waiting.set(conversation, { body, timer, isOnItsWay: false });
  }

  async #tell(conversation: string, body: string): Promise<void> {
    const waiting = this.#waiting.get(conversation);
    if (waiting) waiting.isOnItsWay = true;
    let draft: Draft | null = null;
    try {
      const answer = await this.#socket.rpc<{ readonly draft: Draft }>('draft.save', {
        conversation,
        body,
      });
      draft = answer.draft;
    } catch {
      // The next key tells it again.
    }
    if (this.#waiting.get(conversation) !== waiting) return;
    this.#waiting.delete(conversation);
    if (draft) this.heard(draft);
  }
}
