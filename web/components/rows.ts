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
  /** In all conversations. */
  readonly unsent: readonly Unsent[];
  readonly conversation: string;
  readonly me: string;
  /** How far the other side has read. */
  readonly othersRead: number;
  /** The `seq` after which all was unread when the thread was opened; null if nothing was. */
  readonly newAfter: number | null;
}

/** Messages of one person that are nearer than this to each other stand together. */
const TOGETHER_MS = 5 * 60_000;
/** No more than this, so that no row is longer than what one sees. */
const MOST_TOGETHER = 20;

export function rowsOf(content: ThreadContent): Row[] {
  const { entries, me } = content;
  const rows = new RowsInMaking(me);
  for (const entry of entries) {
    rows.startDay(entry.at);
    if (isFirstNew(entry, content, rows)) rows.markNew();
    if (entry.type === 'order') rows.addEvent(entry);
    else rows.addBubble(entry.sender, stored(entry, content));
  }
  for (const unsent of waitingIn(content)) {
    rows.startDay(unsent.at);
    rows.addBubble(me, waiting(unsent, entries));
  }
  return rows.done();
}

/** What is on its way in this conversation, and not there already. */
function waitingIn({ entries, unsent, conversation }: ThreadContent): readonly Unsent[] {
  const here = unsent.filter((one) => one.conversation === conversation);
  if (here.length === 0) return here;
  const arrived = new Set(entries.map((entry) => 'client_id' in entry && entry.client_id));
  return here.filter(({ client_id }) => !arrived.has(client_id));
}

function isFirstNew(entry: Entry, { newAfter, me }: ThreadContent, rows: RowsInMaking): boolean {
  if (newAfter === null || rows.markedNew || entry.seq <= newAfter) return false;
  return (entry.type === 'message' ? entry.sender : entry.by) !== me;
}

function stored(message: Message, { entries, me, othersRead }: ThreadContent): Bubble {
  const mine = message.sender === me;
  return {
    key: (mine && message.client_id) || `seq:${message.seq}`,
    seq: message.seq,
    body: message.body,
    quote: quoteOf(message.reply_to, entries),
    at: message.at,
    edited: Boolean(message.edited_at),
    deleted: Boolean(message.deleted_at),
    progress: mine ? (message.seq <= othersRead ? 'read' : 'sent') : null,
    clientId: null,
    reason: null,
  };
}

function waiting(unsent: Unsent, entries: readonly Entry[]): Bubble {
  return {
    key: unsent.client_id,
    seq: null,
    body: unsent.body,
    quote: quoteOf(unsent.reply_to, entries),
    at: unsent.at,
    edited: false,
    deleted: false,
    progress: unsent.state,
    clientId: unsent.client_id,
    reason: unsent.reason,
  };
}

function quoteOf(seq: number | null, entries: readonly Entry[]): Quote | null {
  if (seq === null) return null;
  const entry = entryAt(seq, entries);
  return { seq, message: entry?.type === 'message' ? entry : null };
}

/** Entries stand by their sequence number, so half of them can be left out at each look. */
function entryAt(seq: number, entries: readonly Entry[]): Entry | undefined {
  let from = 0;
  let to = entries.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((entries[middle]?.seq ?? 0) < seq) from = middle + 1;
    else to = middle;
  }
  return entries[from]?.seq === seq ? entries[from] : undefined;
}

interface Group {
  readonly sender: string;
  readonly bubbles: Bubble[];
}

class RowsInMaking {
  readonly #me: string;
  readonly #rows: Row[] = [];
  #dayBegins = Number.POSITIVE_INFINITY;
  #dayEnds = Number.NEGATIVE_INFINITY;
  #group: Group | null = null;
  /** When the entry at hand was made, and until when it may join the group before it. */
  #now = 0;
  #groupEnds = 0;
  markedNew = false;

  constructor(me: string) {
    this.#me = me;
  }

  startDay(at: string): void {
    this.#now = Date.parse(at);
    if (this.#now >= this.#dayBegins && this.#now < this.#dayEnds) return;
    this.#endGroup();
    const day = new Date(this.#now);
    this.#dayBegins = day.setHours(0, 0, 0, 0);
    this.#rows.push({ kind: 'day', key: `day:${day.toDateString()}`, at });
    this.#dayEnds = day.setDate(day.getDate() + 1);
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
    if (!this.#belongs(sender)) {
      this.#endGroup();
      this.#group = { sender, bubbles: [] };
    }
    this.#group?.bubbles.push(bubble);
    this.#groupEnds = this.#now + TOGETHER_MS;
  }

  done(): Row[] {
    this.#endGroup();
    return this.#rows;
  }

  #belongs(sender: string): boolean {
    if (this.#group?.sender !== sender || this.#now >= this.#groupEnds) return false;
    return this.#group.bubbles.length < MOST_TOGETHER;
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

/** Makes a function answer at once when it is asked the same as the last time. */
export function onceFor<Q extends object, A>(make: (question: Q) => A): (question: Q) => A {
  let last: { readonly question: Q; readonly answer: A } | null = null;
  return (question) => {
    if (last === null || !isSame(last.question, question)) {
      last = { question, answer: make(question) };
    }
    return last.answer;
  };
}

function isSame<Q extends object>(one: Q, other: Q): boolean {
  return (Object.keys(one) as (keyof Q)[]).every((name) => Object.is(one[name], other[name]));
}

/** Finds the row with a sequence number, and the key under which it stands there. */
export function rowWith(
  rows: readonly Row[],
  wanted: number,
): { readonly row: Row; readonly key: string } | null {
  for (const row of rows) {
    if (row.kind === 'event' && row.event.seq === wanted) return { row, key: row.key };
    if (row.kind !== 'group') continue;
    const bubble = row.bubbles.find(({ seq }) => seq === wanted);
    if (bubble) return { row, key: bubble.key };
  }
  return null;
}

/** About how high a row is before anybody has seen it, in pixels. */
export function heightOf(row: Row): number {
  if (row.kind !== 'group') return ABOUT_A_LINE;
  return row.bubbles.reduce((sum, bubble) => sum + aboutBubble(bubble), ABOUT_A_LINE);
}

const ABOUT_A_LINE = 40;
const ABOUT_A_BUBBLE = 41;
const LETTERS_A_LINE = 64;
const LINE_PX = 20;

function aboutBubble({ body }: Bubble): number {
  return ABOUT_A_BUBBLE + Math.floor(body.length / LETTERS_A_LINE) * LINE_PX;
}
