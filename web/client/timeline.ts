/**
 * What a thread shows, made from three sources that overlap: pages of history, what was missed
 * (recovery) and what happens now. Each entry stands once, in the order of its sequence number,
 * with its latest text - whichever source came first.
 */

import type { Deletion, Edit, Entry, Message } from './types.ts';

type Change = Edit | Deletion;

export interface Timeline {
  /** Ascending by `seq`, each once. */
  readonly entries: readonly Entry[];
  /** Changes by the `seq` of what they change: its entry may come after them. */
  readonly changes: ReadonlyMap<number, Change>;
}

export const EMPTY: Timeline = { entries: [], changes: new Map() };

export function withEntries(timeline: Timeline, news: readonly Entry[]): Timeline {
  const { entries, changes } = timeline;
  const [first] = news;
  const [last] = entries.slice(-1);
  // As nearly always: one more at the end.
  if (news.length === 1 && first && last && first.seq > last.seq) {
    return { changes, entries: [...entries, changed(first, changes.get(first.seq))] };
  }
  const bySeq = new Map(timeline.entries.map((entry) => [entry.seq, entry]));
  for (const entry of news) {
    const known = bySeq.get(entry.seq);
    const latest = known ? later(known, entry) : entry;
    bySeq.set(entry.seq, changed(latest, timeline.changes.get(entry.seq)));
  }
  return { ...timeline, entries: [...bySeq.values()].sort((a, b) => a.seq - b.seq) };
}

export function withChange(timeline: Timeline, change: Change): Timeline {
  const known = timeline.changes.get(change.of);
  if (known && known.seq >= change.seq) return timeline;
  const changes = new Map(timeline.changes).set(change.of, change);
  const entries = timeline.entries.map((entry) =>
    entry.seq === change.of ? changed(entry, change) : entry,
  );
  return { entries, changes };
}

function later(known: Entry, news: Entry): Entry {
  return changedAt(news) > changedAt(known) ? news : known;
}

function changedAt(entry: Entry): string {
  if (entry.type !== 'message') return '';
  return entry.deleted_at ?? entry.edited_at ?? '';
}

function changed(entry: Entry, change: Change | undefined): Entry {
  if (!change || entry.type !== 'message' || changedAt(entry) > change.at) return entry;
  return change.type === 'edit' ? edited(entry, change) : deleted(entry, change);
}

function edited(message: Message, { body, at }: Edit): Message {
  return { ...message, body, edited_at: at };
}

function deleted(message: Message, { at }: Deletion): Message {
  return { ...message, body: '', attachments: [], deleted_at: at };
}
