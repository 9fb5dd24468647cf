/**
 * Messages that the server does not have yet. In each conversation they leave one by one, in the
 * order in which they were written; what fails for now is sent again with the same client id,
 * which the server stores once.
 */

import { type Readable, Store } from './observable.ts';
import type { Shelf, Unsent } from './shelf.ts';
import { type ConnectionState, isTemporary, reasonOf, type Socket } from './socket.ts';
import { wellFormed } from './text.ts';
import type { Message } from './types.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

export interface Draft {
  readonly conversation: string;
  readonly body: string;
  readonly reply_to?: number | null;
}

type Sent = (conversation: string, message: Message) => void;

export class Outbox {
  readonly #account: string;
  readonly #socket: Pick<Socket, 'rpc' | 'state'>;
  readonly #shelf: Shelf;
  readonly #sent: Sent;
  readonly #unsent = new Store<readonly Unsent[]>([]);
  readonly #busy = new Set<string>();

  constructor(account: string, socket: Pick<Socket, 'rpc' | 'state'>, shelf: Shelf, sent: Sent) {
    this.#account = account;
    this.#socket = socket;
    this.#shelf = shelf;
    this.#sent = sent;
    socket.state.subscribe((state) => this.#connectionIs(state));
  }

  get unsent(): Readable<readonly Unsent[]> {
    return this.#unsent;
  }

  /** Takes up what an earlier page left behind. */
  async restore(): Promise<void> {
    const left = await this.#shelf.load(this.#account).catch(nothingLeft);
    const known = new Set(this.#unsent.value.map((unsent) => unsent.client_id));
    const missing = left.filter((unsent) => !known.has(unsent.client_id));
    this.#unsent.set([...missing, ...this.#unsent.value]);
    this.#connectionIs(this.#socket.state.value);
  }

  add(draft: Draft): void {
    const unsent: Unsent = {
      client_id: crypto.randomUUID(),
      account: this.#account,
      conversation: draft.conversation,
      body: wellFormed(draft.body),
      reply_to: draft.reply_to ?? null,
      at: this.#nextMoment(),
      state: 'sending',
      reason: null,
    };
    this.#unsent.set([...this.#unsent.value, unsent]);
    void this.#keep(unsent);
    void this.#empty(draft.conversation);
  }

  retry(clientId: string): void {
    const failed = this.#find(clientId);
    if (!failed) return;
    this.#replace({ ...failed, state: 'sending', reason: null });
    void this.#empty(failed.conversation);
  }

  /** Takes a message out: it has arrived, or its writer gave it up. */
  drop(clientId: string): void {
    if (!this.#find(clientId)) return;
    this.#unsent.set(this.#unsent.value.filter((unsent) => unsent.client_id !== clientId));
    void this.#shelf.remove(clientId).catch(shelfIsFull);
  }

  #connectionIs(state: ConnectionState): void {
    if (state !== 'connected') return;
    const waiting = this.#unsent.value.map((unsent) => unsent.conversation);
    for (const conversation of new Set(waiting)) void this.#empty(conversation);
  }

  async #empty(conversation: string): Promise<void> {
    if (this.#busy.has(conversation)) return;
    this.#busy.add(conversation);
    let pause = FIRST_PAUSE_MS;
    for (let next = this.#next(conversation); next; next = this.#next(conversation)) {
      if (await this.#attempt(next)) {
        pause = FIRST_PAUSE_MS;
      } else {
        await this.#rest(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
    this.#busy.delete(conversation);
  }

  #next(conversation: string): Unsent | undefined {
    if (this.#socket.state.value !== 'connected') return undefined;
    return this.#unsent.value.find(
      (unsent) => unsent.conversation === conversation && unsent.state === 'sending',
    );
  }

  /** Says whether the message is settled, either way. */
  async #attempt({ client_id, conversation, body, reply_to }: Unsent): Promise<boolean> {
    const data = { conversation, client_id, body, reply_to, attachments: [] };
    let answer: { readonly message: Message };
    try {
      answer = await this.#socket.rpc('message.send', data);
    } catch (error) {
      if (isTemporary(error)) return false;
      this.#refused(client_id, reasonOf(error));
      return true;
    }
    this.#sent(conversation, answer.message);
    this.drop(client_id);
    return true;
  }

  #refused(clientId: string, reason: string): void {
    const refused = this.#find(clientId);
    if (refused) this.#replace({ ...refused, state: 'failed', reason });
  }

  /** Waits, but not beyond the moment at which the connection comes back. */
  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const stop = this.#socket.state.subscribe((state) => {
        if (state === 'connected') wake();
      });
    });
  }

  /** The time, but later than that of all others: it is their order after a reload. */
  #nextMoment(): string {
    const last = Math.max(0, ...this.#unsent.value.map(({ at }) => Date.parse(at)));
    return new Date(Math.max(Date.now(), last + 1)).toISOString();
  }

  #find(clientId: string): Unsent | undefined {
    return this.#unsent.value.find((unsent) => unsent.client_id === clientId);
  }

  #replace(changed: Unsent): void {
    this.#unsent.set(
      this.#unsent.value.map((unsent) =>
        unsent.client_id === changed.client_id ? changed : unsent,
      ),
    );
    void this.#keep(changed);
  }

  async #keep(unsent: Unsent): Promise<void> {
    await this.#shelf.put(unsent).catch(shelfIsFull);
    // Sent while it was being put there: it must not be sent again by the next page.
    if (!this.#find(unsent.client_id))
      await this.#shelf.remove(unsent.client_id).catch(shelfIsFull);
  }
}

/** Without a shelf (private windows, full disks) sending works all the same, until a reload. */
function shelfIsFull(): void {}

function nothingLeft(): readonly Unsent[] {
  return [];
}
