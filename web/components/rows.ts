/** The rows of a thread: day lines, the line before what is new, order events, groups of bubbles. */

import type { Entry, Message, OrderEvent, Unsent } from '../client/index.ts';

/** What the sender is told of a message; null on messages of others. */
export type Progress = 'sending' | 'failed' | 'sent' | 'read' | null;

/** What a message answers. */
export interface Quote {
  readonly seq: number;
  /** Null as long as it is too far back to be here. */
  readonly message: Message | null;
}

export interface Bubble {
  /** Stays the same from the first keystroke's send to the stored message. */
  readonly key: string;
  /** Null until it is stored. */
  readonly seq: number | null;
  readonly body: string;
  readonly quote: Quote | null;
  readonly at: string;
  readonly edited: boolean;
  readonly deleted: boolean;
  readonly progress: Progress;
  /** Of a failed one. */
  readonly clientId: string | null;
  readonly reason: string | null;
}

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: string }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'event'; readonly key: string; readonly event: OrderEvent }
  | {
      readonly kind: 'group';
      readonly key: string;
      readonly sender: string;
      readonly mine: boolean;
      readonly bubbles: readonly Bubble[];
    };

export interface ThreadContent {
  readonly entries: readonly Entry[];
  readonly unsent: readonly Unsent[];
  readonly me: string;
  /** How far the other side has read. */
  readonly othersRead: number;
  /** The `seq` after which all was unread when the thread was opened; null if nothing was. */
  readonly newAfter: number | null;
}

/** Messages of one person that are nearer than this to each other stand together. */
const TOGETHER_MS = 5 * 60_000;

export function rowsOf(content: ThreadContent): Row[] {
  const rows = new RowsInMaking(content.me);
  const bySeq = new Map(content.entries.map((entry) => [entry.seq, entry]));
  for (const entry of content.entries) {
    rows.startDay(entry.at);
    if (isFirstNew(entry, content, rows)) rows.markNew();
    if (entry.type === 'order') rows.addEvent(entry);
    else rows.addBubble(entry.sender, stored(entry, content, bySeq));
  }
  const arrived = new Set(content.entries.map((entry) => 'client_id' in entry && entry.client_id));
  for (const unsent of content.unsent) {
    if (arrived.has(unsent.client_id)) continue;
    rows.startDay(unsent.at);
    rows.addBubble(content.me, waiting(unsent, bySeq));
  }
  return rows.done();
}

function isFirstNew(entry: Entry, { newAfter, me }: ThreadContent, rows: RowsInMaking): boolean {
  if (newAfter === null || rows.markedNew || entry.seq <= newAfter) return false;
  return (entry.type === 'message' ? entry.sender : entry.by) !== me;
}

type BySeq = ReadonlyMap<number, Entry>;

function stored(message: Message, { me, othersRead }: ThreadContent, bySeq: BySeq): Bubble {
  const mine = message.sender === me;
  return {
    key: (mine && message.client_id) || `seq:${message.seq}`,
    seq: message.seq,
    body: message.body,
    quote: quoteOf(message.reply_to, bySeq),
    at: message.at,
    edited: Boolean(message.edited_at),
    deleted: Boolean(message.deleted_at),
    progress: mine ? (message.seq <= othersRead ? 'read' : 'sent') : null,
    clientId: null,
    reason: null,
  };
}

function waiting(unsent: Unsent, bySeq: BySeq): Bubble {
  return {
    key: unsent.client_id,
    seq: null,
    body: unsent.body,
    quote: quoteOf(unsent.reply_to, bySeq),
    at: unsent.at,
    edited: false,
    deleted: false,
    progress: unsent.state,
    clientId: unsent.client_id,
    reason: unsent.reason,
  };
}

function quoteOf(seq: number | null, bySeq: BySeq): Quote | null {
  if (seq === null) return null;
  const entry = bySeq.get(seq);
  return { seq, message: entry?.type === 'message' ? entry : null };
}

interface Group {
  readonly sender: string;
  readonly bubbles: Bubble[];
}

class RowsInMaking {
  readonly #me: string;
  readonly #rows: Row[] = [];
  #day = '';
  #group: Group | null = null;
  markedNew = false;

  constructor(me: string) {
    this.#me = me;
  }

  startDay(at: string): void {
    const day = new Date(at).toDateString();
    if (day === this.#day) return;
    this.#endGroup();
    this.#day = day;
    this.#rows.push({ kind: 'day', key: `day:${day}`, at });
  }

  markNew(): void {
    this.#endGroup();
    this.markedNew = true;
    this.#rows.push({ kind: 'new', key: 'new' });
  }

  addEvent(event: OrderEvent): void {
    this.#endGroup();
    this.#rows.push({ kind: 'event', key: `seq:${event.seq}`, event });
  }

  addBubble(sender: string, bubble: Bubble): void {
    if (!this.#belongs(sender, bubble)) {
      this.#endGroup();
      this.#group = { sender, bubbles: [] };
    }
    this.#group?.bubbles.push(bubble);
  }

  done(): Row[] {
    this.#endGroup();
    return this.#rows;
  }

  #belongs(sender: string, bubble: Bubble): boolean {
    const last = this.#group?.bubbles.at(-1);
    if (!last || this.#group?.sender !== sender) return false;
    return Date.parse(bubble.at) - Date.parse(last.at) < TOGETHER_MS;
  }

  #endGroup(): void {
    const [first] = this.#group?.bubbles ?? [];
    if (this.#group && first) {
      const { sender, bubbles } = this.#group;
      const key = `group:${first.key}`;
      this.#rows.push({ kind: 'group', key, sender, mine: sender === this.#me, bubbles });
    }
    this.#group = null;
  }
}
