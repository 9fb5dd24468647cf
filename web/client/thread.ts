/** One conversation, live: its entries, who has read how far, who is writing, who may write. */

import type { Requests } from './api.ts';
import { Problem } from './api.ts';
import { type Readable, Store } from './observable.ts';
import type { Outbox } from './outbox.ts';
import type { Socket, Subscribed } from './socket.ts';
import { EMPTY, type Timeline, withChange, withEntries } from './timeline.ts';
import type {
  Conversation,
  Entry,
  Message,
  MessagePage,
  Receipt,
  ReceiptNews,
  ThreadPublication,
  ThreadSnapshot,
  Typing,
} from './types.ts';

const PAGE = 50;
const TYPING_EVERY_MS = 2_000;
const RETRY_MS = 2_000;

export interface ThreadState {
  readonly phase: 'loading' | 'ready' | 'gone';
  readonly conversation: Conversation | null;
  readonly entries: readonly Entry[];
  readonly hasBefore: boolean;
  readonly loadingBefore: boolean;
  readonly receipts: Readonly<Record<string, Receipt>>;
  /** Accounts that are writing at this moment. */
  readonly typing: readonly string[];
  readonly canSend: boolean;
  readonly canSendReason: string | null;
}

const UNKNOWN: ThreadState = {
  phase: 'loading',
  conversation: null,
  entries: [],
  hasBefore: false,
  loadingBefore: false,
  receipts: {},
  typing: [],
  canSend: true,
  canSendReason: null,
};

export interface ThreadParts {
  readonly account: string;
  readonly api: Requests;
  readonly socket: Socket;
  readonly outbox: Outbox;
}

export class Thread {
  readonly id: string;
  readonly #parts: ThreadParts;
  readonly #state = new Store<ThreadState>(UNKNOWN);
  readonly #typingEnds = new Map<string, ReturnType<typeof setTimeout>>();
  #timeline: Timeline = EMPTY;
  /** Counts the times that we started over: an answer to an earlier question is no use. */
  #start = 0;
  #catchingUp = true;
  #viewers = 0;
  #leave: (() => void) | null = null;
  #saidTypingAt = 0;
  #readUpTo = 0;

  constructor(id: string, parts: ThreadParts) {
    this.id = id;
    this.#parts = parts;
  }

  get state(): Readable<ThreadState> {
    return this.#state;
  }

  /** Keeps the thread live until the answer is called; several views share one subscription. */
  open(): () => void {
    this.#viewers += 1;
    this.#leave ??= this.#parts.socket.listen<ThreadSnapshot, ThreadPublication>(
      `thread:${this.id}`,
      {
        subscribed: (news) => this.#subscribed(news),
        published: (publication) => this.#published(publication),
        refused: () => this.#state.patch({ phase: 'gone' }),
      },
    );
    return () => this.#close();
  }

  send(body: string): void {
    this.#saidTypingAt = 0;
    this.#parts.outbox.add({ conversation: this.id, body });
  }

  /** Takes the server's answer to a message of ours, which may come before its publication. */
  sent(message: Message): void {
    this.#add([message]);
  }

  typing(): void {
    if (Date.now() - this.#saidTypingAt < TYPING_EVERY_MS) return;
    this.#saidTypingAt = Date.now();
    this.#parts.socket.send('typing', { conversation: this.id, typing: true });
  }

  stoppedTyping(): void {
    if (this.#saidTypingAt === 0) return;
    this.#saidTypingAt = 0;
    this.#parts.socket.send('typing', { conversation: this.id, typing: false });
  }

  /** Tells everybody that we have read up to `seq`; never backwards. */
  async read(seq: number): Promise<void> {
    const before = this.#readUpTo;
    if (seq <= before) return;
    this.#readUpTo = seq;
    try {
      await this.#parts.socket.rpc('receipt.read', { conversation: this.id, seq });
    } catch {
      // Said again by whoever looks next.
      if (this.#readUpTo === seq) this.#readUpTo = before;
    }
  }

  async loadBefore(): Promise<void> {
    const { hasBefore, loadingBefore, entries } = this.#state.value;
    const oldest = entries[0];
    if (!hasBefore || loadingBefore || !oldest) return;
    const start = this.#start;
    this.#state.patch({ loadingBefore: true });
    try {
      const page = await this.#page(`&before=${oldest.seq}`);
      if (start === this.#start) this.#add(page.items, { hasBefore: page.has_before });
    } catch {
      // Scrolling up asks again.
    } finally {
      this.#state.patch({ loadingBefore: false });
    }
  }

  /** Takes what the inbox says about this conversation, such as that one may write now. */
  summarised(conversation: Conversation): void {
    if (this.#state.value.conversation === null) return;
    this.#state.patch({
      conversation,
      canSend: conversation.can_send ?? this.#state.value.canSend,
      canSendReason: conversation.can_send_reason ?? null,
    });
  }

  #close(): void {
    this.#viewers -= 1;
    if (this.#viewers > 0) return;
    this.#leave?.();
    this.#leave = null;
  }

  #subscribed({ recovered, snapshot }: Subscribed<ThreadSnapshot>): void {
    this.#readUpTo = snapshot.conversation.read_seq;
    this.#state.patch({
      conversation: snapshot.conversation,
      receipts: snapshot.receipts,
      canSend: snapshot.can_send,
      canSendReason: snapshot.can_send_reason,
      typing: [],
    });
    if (!recovered) void this.#reload();
  }

  /** Starts over from the newest page: what is shown may have gaps that nothing will fill. */
  async #reload(): Promise<void> {
    this.#start += 1;
    const start = this.#start;
    this.#timeline = EMPTY;
    this.#catchingUp = true;
    try {
      const page = await this.#page('');
      if (start !== this.#start) return;
      this.#catchingUp = false;
      this.#add(page.items, { hasBefore: page.has_before, phase: 'ready' });
    } catch (error) {
      if (error instanceof Problem && error.status === 404) this.#state.patch({ phase: 'gone' });
      else setTimeout(() => this.#leave && start === this.#start && void this.#reload(), RETRY_MS);
    }
  }

  #page(bound: string): Promise<MessagePage> {
    return this.#parts.api.get(`/v1/conversations/${this.id}/messages?limit=${PAGE}${bound}`);
  }

  #published(publication: ThreadPublication): void {
    switch (publication.type) {
      case 'message':
      case 'order':
        this.#arrived(publication);
        return;
      case 'edit':
      case 'delete':
        this.#timeline = withChange(this.#timeline, publication);
        this.#show({});
        return;
      case 'typing':
        this.#heardTyping(publication);
        return;
      case 'receipt':
        this.#heardReceipt(publication);
        return;
    }
  }

  #arrived(entry: Entry): void {
    if (entry.type === 'message') this.#heardTyping({ ...STOPPED, account: entry.sender });
    this.#add([entry]);
  }

  #add(entries: readonly Entry[], changes: Partial<ThreadState> = {}): void {
    this.#timeline = withEntries(this.#timeline, entries);
    this.#show(changes);
    for (const entry of entries) {
      if (entry.type !== 'message' || entry.sender !== this.#parts.account) continue;
      if (entry.client_id) this.#parts.outbox.drop(entry.client_id);
    }
  }

  /** Until the newest page is here, what is live waits: shown alone, it would jump. */
  #show(changes: Partial<ThreadState>): void {
    this.#state.patch(this.#catchingUp ? changes : { ...changes, entries: this.#timeline.entries });
  }

  #heardTyping({ account, typing, expires_in }: Typing): void {
    if (account === this.#parts.account) return;
    clearTimeout(this.#typingEnds.get(account));
    const others = this.#state.value.typing.filter((other) => other !== account);
    if (typing) {
      const ends = setTimeout(() => this.#heardTyping({ ...STOPPED, account }), expires_in * 1_000);
      this.#typingEnds.set(account, ends);
    }
    if (!typing && others.length === this.#state.value.typing.length) return;
    this.#state.patch({ typing: typing ? [...others, account] : others });
  }

  #heardReceipt({ account, read_seq, delivered_seq }: ReceiptNews): void {
    const receipts = { ...this.#state.value.receipts, [account]: { read_seq, delivered_seq } };
    this.#state.patch({ receipts });
  }
}

const STOPPED = { type: 'typing', typing: false, expires_in: 0 } as const;
