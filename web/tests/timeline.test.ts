import { describe, expect, it } from 'vitest';
import { EMPTY, withChange, withEntries } from '../client/timeline.ts';
import type { Deletion, Edit, Message } from '../client/types.ts';
import { aMessage, anAttachment, anEvent, at } from './support/things.ts';

function edit(seq: number, of: number, body: string, more: Partial<Edit> = {}): Edit {
  return { type: 'edit', seq, of, body, by: 'bob', at: at(seq), ...more };
}

function deletion(seq: number, of: number): Deletion {
  return { type: 'delete', seq, of, by: 'bob', at: at(seq) };
}

function only(entries: readonly unknown[]): Message {
  expect(entries).toHaveLength(1);
  return entries[0] as Message;
}

describe('a timeline', () => {
  it('holds each entry once and in order, whichever source came first', () => {
    const live = withEntries(EMPTY, [aMessage(6), aMessage(5)]);
    const paged = withEntries(live, [aMessage(3), anEvent(4), aMessage(5)]);
    expect(paged.entries.map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
  });

  it('shows an edit, and never goes back to the text before it', () => {
    const edited = withChange(withEntries(EMPTY, [aMessage(1)]), edit(2, 1, 'better'));
    const again = withEntries(edited, [aMessage(1)]);
    expect(only(again.entries)).toMatchObject({ body: 'better', edited_at: at(2) });
  });

  it('applies an edit that came before what it changes', () => {
    const early = withChange(EMPTY, edit(9, 1, 'better'));
    expect(only(withEntries(early, [aMessage(1)]).entries).body).toBe('better');
  });

  it('keeps the newest of several edits, in whatever order they come', () => {
    const both = withChange(withChange(EMPTY, edit(4, 1, 'newest')), edit(3, 1, 'older'));
    expect(only(withEntries(both, [aMessage(1)]).entries).body).toBe('newest');
  });

  it('tells two edits of the same moment apart by their sequence', () => {
    const moment = { at: at(2) };
    const first = withChange(withEntries(EMPTY, [aMessage(1)]), edit(2, 1, 'first', moment));
    const second = withChange(first, edit(3, 1, 'second', moment));
    expect(only(second.entries).body).toBe('second');
  });

  it('takes the text of a page that knows of a later edit', () => {
    const edited = withChange(withEntries(EMPTY, [aMessage(1)]), edit(2, 1, 'first'));
    const page = aMessage(1, { body: 'second', edited_at: at(8) });
    expect(only(withEntries(edited, [page]).entries).body).toBe('second');
  });

  it('leaves nothing of a deleted message', () => {
    const known = withEntries(EMPTY, [aMessage(1, { attachments: [anAttachment('a1')] })]);
    const entry = only(withChange(known, deletion(2, 1)).entries);
    expect(entry).toMatchObject({ body: '', attachments: [], deleted_at: at(2) });
  });

  it('does not bring a deleted message back by an earlier edit', () => {
    const deleted = withChange(withEntries(EMPTY, [aMessage(1)]), deletion(3, 1));
    expect(only(withChange(deleted, edit(2, 1, 'too late')).entries).body).toBe('');
  });
});
