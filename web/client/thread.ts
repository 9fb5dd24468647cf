/** One conversation, live: its entries, who has read how far, who is writing, who may write. */

import { Problem, type Requests } from './api.ts';
import { isGone } from './gone.ts';
import { type Readable, Store } from './observable.ts';
import type { Outbox } from './outbox.ts';
import { OwnReading } from './reading.ts';
import type { Socket, Subscribed } from './socket.ts';
import { rightsIn, type ThreadState, UNKNOWN } from './thread-state.ts';
import { EMPTY, type Timeline, withChange, withEntries } from './timeline.ts';
import type {
  ContactDetails,
  Conversation,
  Entry,
  Message,
  MessagePage,
  ReceiptNews,
  ThreadPublication,
  ThreadSnapshot,
} from './types.ts';
import { OwnTyping, Typists } from './typing.ts';

const PAGE = 50;
/** For who wants to go far back. */
const LONG_PAGE = 200;
const PAGES_AT_ONCE = 4;
const RETRY_MS = 2_000;
const BLOCKED = 'blocked';
/** With no socket after this time, what the API knows is shown all the same. */
const PATIENCE_MS = 1_500;

/** A message as its writer wants it. */
export interface Written {
  readonly body: string;
  /** The `seq` of what it answers. */
  readonly replyTo: number | null;
}

export interface ThreadParts {
  readonly account: string;
  readonly api: Requests;
  readonly socket: Socket;
  readonly outbox: Pick<Outbox, 'add' | 'drop'>;
  /** What the inbox says of the conversation. */
  readonly known: () => Conversation | undefined;
}

export class Thread {
  readonly id: string;
  readonly #parts: ThreadParts;
  readonly #state = new Store<ThreadState>(UNKNOWN);
  readonly #typists: Typists;
  readonly #ownTyping: OwnTyping;
  #timeline: Timeline = EMPTY;
  /** The highest `seq` that the channel has given us: the next one follows it. */
  #top = 0;
  /** Counts the times that we started over: an answer to an earlier question is no use. */
  #start = 0;
  /** Until the newest page is here, what is live waits: shown alone, it would jump. */
  #catchingUp = true;
  #viewers = 0;
  /** The other one blocks us: nothing is live until that is over. */
  #shut = false;
  #leave: (() => void) | null = null;
  readonly #reading: OwnReading;

  constructor(id: string, parts: ThreadParts) {
    this.id = id;
    this.#parts = parts;
    this.#typists = new Typists(parts.account);
    this.#ownTyping = new OwnTyping((typing) =>
      parts.socket.send('typing', { conversation: id, typing }),
    );
    this.#reading = new OwnReading(id, parts.socket);
  }

  get state(): Readable<ThreadState> {
    return this.#state;
  }

  /** Accounts that are writing at this moment. */
  get typing(): Readable<readonly string[]> {
    return this.#typists.writing;
  }

  /** Keeps the thread live until the answer is called; several views share one subscription. */
  open(): () => void {
    this.#viewers += 1;
    if (!this.#leave && this.#state.value.phase === 'loading') {
      setTimeout(() => void this.#peek(), PATIENCE_MS);
    }
    this.#leave ??= this.#listen();
    return () => this.#close();
  }

  #listen(): () => void {
    this.#shut = false;
    return this.#parts.socket.listen<ThreadSnapshot, ThreadPublication>(`thread:${this.id}`, {
      subscribed: (news) => this.#subscribed(news),
      published: (publication) => this.#published(publication),
      refused: () => void this.#refused(),
    });
  }

  send({ body, replyTo }: Written): void {
    this.#ownTyping.sent();
    // Whoever answers has read what they answer.
    void this.read(this.#state.value.entries.at(-1)?.seq ?? 0);
    this.#parts.outbox.add({ conversation: this.id, body, reply_to: replyTo });
  }

  /** Asks what would become of a text; a server that does not answer has nothing to say. */
  async check(body: string): Promise<ContactDetails | null> {
    if (this.#state.value.conversation?.kind !== 'direct') return null;
    const asked = { conversation: this.id, body };
    try {
      const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PATIENCE_MS));
      const answer = await Promise.race([
        this.#parts.socket.rpc<{ contact_details: ContactDetails | null }>('message.check', asked),
        late,
      ]);
      return answer?.contact_details ?? null;
    } catch {
      return null;
    }
  }

  /** Gives a message of ours another text; throws if that is not taken. */
  async edit(seq: number, body: string): Promise<void> {
    await this.#change('message.edit', { seq, body });
  }

  /** Takes a message of ours back. */
  async erase(seq: number): Promise<void> {
    await this.#change('message.delete', { seq });
  }

  /** Wants to read a message, and what follows it, once more. */
  async markUnread(seq: number): Promise<void> {
    await this.#reading.backTo(seq);
  }

  /** Takes the server's answer to a message of ours, which may come before its publication. */
  sent(message: Message): void {
    this.#add([message]);
    // Its bubble is there already, and stays, whatever else is still to come.
    if (this.#catchingUp) this.#state.patch({ entries: this.#shownWith(message) });
  }

  typingGoesOn(): void {
    this.#ownTyping.go();
  }

  typingStopped(): void {
    this.#ownTyping.stop();
  }

  /** Tells everybody that we have read up to `seq`; never backwards. */
  async read(seq: number): Promise<void> {
    await this.#reading.upTo(seq);
  }

  /** Loads back to a message; says whether it is there. */
  async reach(seq: number): Promise<boolean> {
    const oldest = this.#state.value.entries[0]?.seq ?? 0;
    if (oldest > seq && !this.#catchingUp) await this.#loadBack(oldest, seq);
    return this.#state.value.entries.some((entry) => entry.seq === seq);
  }

  /** Loads what is between, several pages at a time, and shows it once it is all there. */
  async #loadBack(oldest: number, seq: number): Promise<void> {
    const start = this.#start;
    const items: Entry[] = [];
    let hasBefore = true;
    this.#state.patch({ loadingBefore: true });
    try {
      for (let from = oldest; from > seq && hasBefore; from -= LONG_PAGE * PAGES_AT_ONCE) {
        // A page has an entry for each number at most, so the next one begins no later.
        const starts = Array.from({ length: PAGES_AT_ONCE }, (_, at) => from - at * LONG_PAGE);
        const pages = await Promise.all(
          starts
            .filter((before) => before > Math.max(1, seq))
            .map((before) => this.#page(`&before=${before}`, LONG_PAGE)),
        );
        items.push(...pages.flatMap((page) => page.items));
        hasBefore = pages.at(-1)?.has_before ?? false;
      }
      if (start === this.#start) this.#add(items, { hasBefore });
    } catch {
      // Nothing is shown that has gaps.
    } finally {
      this.#state.patch({ loadingBefore: false });
    }
  }

  async loadBefore(): Promise<void> {
    const { hasBefore, loadingBefore, entries } = this.#state.value;
    const oldest = entries[0];
    if (!hasBefore || loadingBefore || this.#catchingUp || !oldest) return;
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

  /** Takes what the inbox says about this conversation. */
  summarised(conversation: Conversation): void {
    if (this.#state.value.conversation === null) return;
    this.#state.patch({ conversation, ...rightsIn(conversation) });
    if (conversation.can_send_reason !== BLOCKED) this.#reopen();
  }

  /** Asks whether one may write by now, when something happened that may have unlocked it. */
  async reconsider(): Promise<void> {
    if (this.#state.value.canSend || this.#viewers === 0) return;
    try {
      this.#state.patch(rightsIn(await this.#parts.api.get<Conversation>(this.#path)));
    } catch {
      // The next thing that happens asks again.
    }
  }

  async #change(method: string, data: { seq: number; body?: string }): Promise<void> {
    const asked = { conversation: this.id, ...data };
    const { message } = await this.#parts.socket.rpc<{ message: Message }>(method, asked);
    this.#add([message]);
  }

  get #path(): string {
    return `/v1/conversations/${encodeURIComponent(this.id)}`;
  }

  #close(): void {
    this.#viewers -= 1;
    if (this.#viewers > 0) return;
    this.#ownTyping.stop();
    this.#leave?.();
    this.#leave = null;
    this.#typists.allStopped();
  }

  #subscribed({ recovered, offset, snapshot }: Subscribed<ThreadSnapshot>): void {
    this.#top = offset;
    this.#reading.known(snapshot.conversation.read_seq);
    this.#typists.allStopped();
    this.#state.patch({
      conversation: snapshot.conversation,
      receipts: snapshot.receipts,
      canSend: snapshot.can_send,
      canSendReason: snapshot.can_send_reason,
    });
    if (!recovered) void this.#reload();
  }

  /** The thread is closed to us. Who is blocked may still read what was said before. */
  async #refused(): Promise<void> {
    this.#leave?.();
    this.#leave = () => undefined;
    this.#shut = true;
    this.#typists.allStopped();
    try {
      const conversation = await this.#parts.api.get<Conversation>(this.#path);
      this.#state.patch({ conversation, ...rightsIn(conversation) });
      if (this.#start === 0) void this.#reload();
      if (conversation.can_send_reason !== BLOCKED) setTimeout(() => this.#reopen(), RETRY_MS);
    } catch (error) {
      if (isGone(error)) this.#state.patch({ phase: 'gone' });
      else setTimeout(() => this.#shut && void this.#refused(), RETRY_MS);
    }
  }

  #reopen(): void {
    if (!this.#shut) return;
    this.#shut = false;
    this.#leave = this.#viewers > 0 ? this.#listen() : null;
  }

  /** Shows what the API knows, until the channel is there and all starts over. */
  async #peek(): Promise<void> {
    const isLate = () => this.#start > 0 || this.#viewers === 0;
    if (isLate()) return;
    try {
      const [conversation, { items }] = await Promise.all([this.#summary(), this.#page('')]);
      if (isLate()) return;
      const rights = rightsIn(conversation);
      this.#state.patch({ phase: 'ready', conversation, entries: items, ...rights });
    } catch (error) {
      // What is not there, the channel says.
      if (!(error instanceof Problem)) setTimeout(() => void this.#peek(), RETRY_MS);
    }
  }

  /** Asks for the conversation; out of reach, the inbox may know it. */
  async #summary(): Promise<Conversation> {
    try {
      return await this.#parts.api.get<Conversation>(this.#path);
    } catch (error) {
      const known = this.#parts.known();
      if (error instanceof Problem || !known) throw error;
      return known;
    }
  }

  /** Starts over from the newest page: what is shown may have gaps that nothing will fill. */
  async #reload(): Promise<void> {
    this.#start += 1;
    const start = this.#start;
    this.#timeline = EMPTY;
    this.#catchingUp = true;
    try {
      const page = await this.#page('');
      if (start === this.#start) this.#caughtUp(page);
    } catch (error) {
      if (start !== this.#start) return;
      if (isGone(error)) this.#state.patch({ phase: 'gone' });
      else setTimeout(() => this.#leave && start === this.#start && void this.#reload(), RETRY_MS);
    }
  }

  #caughtUp({ items, has_before }: MessagePage): void {
    this.#catchingUp = false;
    this.#add(items, { hasBefore: has_before, phase: 'ready' });
    this.#settle(this.#timeline.entries);
  }

  #page(bound: string, limit = PAGE): Promise<MessagePage> {
    return this.#parts.api.get(`${this.#path}/messages?limit=${limit}${bound}`);
  }

  #published(publication: ThreadPublication): void {
    if ('seq' in publication) this.#follows(publication.seq);
    switch (publication.type) {
      case 'message':
      case 'order':
        this.#arrived(publication);
        break;
      case 'edit':
      case 'delete':
        this.#timeline = withChange(this.#timeline, publication);
        this.#show({});
        break;
      case 'typing':
        this.#typists.heard(publication);
        break;
      case 'receipt':
        this.#heardReceipt(publication);
        break;
    }
  }

  /** No entry may be missing between two that are shown, whoever lost it. */
  #follows(seq: number): void {
    const missed = seq > this.#top + 1;
    this.#top = Math.max(this.#top, seq);
    if (missed) void this.#reload();
  }

  #arrived(entry: Entry): void {
    if (entry.type === 'message') this.#typists.stopped(entry.sender);
    this.#add([entry]);
    void this.reconsider();
  }

  #add(entries: readonly Entry[], changes: Partial<ThreadState> = {}): void {
    this.#timeline = withEntries(this.#timeline, entries);
    this.#show(changes);
    if (!this.#catchingUp) this.#settle(entries);
  }

  #show(changes: Partial<ThreadState>): void {
    this.#state.patch(this.#catchingUp ? changes : { ...changes, entries: this.#timeline.entries });
  }

  #shownWith(message: Message): readonly Entry[] {
    const shown: Timeline = { ...EMPTY, entries: this.#state.value.entries };
    return withEntries(shown, [message]).entries;
  }

  /** What is shown as stored waits in the outbox no more. */
  #settle(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type !== 'message' || entry.sender !== this.#parts.account) continue;
      if (entry.client_id) this.#parts.outbox.drop(entry.client_id);
    }
  }

  #heardReceipt({ account, read_seq, delivered_seq }: ReceiptNews): void {
    const receipts = { ...this.#state.value.receipts, [account]: { read_seq, delivered_seq } };
    this.#state.patch({ receipts });
  }
}
