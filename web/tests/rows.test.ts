import { describe, expect, it } from 'vitest';
import type { Unsent } from '../client/index.ts';
import { onceFor, rowsOf, rowWith, type ThreadContent } from '../components/rows.ts';
import { aMessage, anEvent, at } from './support/things.ts';

const NOON = at(0);

describe('the rows of a thread', () => {
  const rows = (content: Partial<ThreadContent>) =>
    rowsOf({
      entries: [],
      unsent: [],
      conversation: 't1',
      me: 'alice',
      othersRead: 0,
      newAfter: null,
      ...content,
    });
  const kinds = (content: Partial<ThreadContent>) => rows(content).map(({ kind }) => kind);
  const unsent = (client_id: string, more: Partial<Unsent> = {}): Unsent => ({
    client_id,
    account: 'alice',
    conversation: 't1',
    body: client_id,
    reply_to: null,
    at: at(5),
    state: 'sending',
    reason: null,
    ...more,
  });

  it('put messages of one person that are near each other together', () => {
    const entries = [
      aMessage(1, { at: at(0) }),
      aMessage(2, { at: at(4) }),
      aMessage(3, { at: at(10) }),
      aMessage(4, { at: at(11), sender: 'alice' }),
    ];
    const groups = rows({ entries }).filter((row) => row.kind === 'group');
    expect(groups.map(({ bubbles }) => bubbles.length)).toEqual([2, 1, 1]);
    expect(groups.map(({ mine }) => mine)).toEqual([false, false, true]);
  });

  it('begin each day with its line', () => {
    const entries = [aMessage(1, { at: at(0) }), aMessage(2, { at: at(2 * 24 * 60) })];
    expect(kinds({ entries })).toEqual(['day', 'group', 'day', 'group']);
  });

  it('draw the line before the first that is new and by others', () => {
    const entries = [
      aMessage(1),
      aMessage(2, { sender: 'alice' }),
      aMessage(3),
      aMessage(4, { at: at(3) }),
    ];
    expect(kinds({ entries, newAfter: 1 })).toEqual(['day', 'group', 'group', 'new', 'group']);
    expect(kinds({ entries, newAfter: null })).not.toContain('new');
  });

  it('show an own message once while it turns from unsent to stored, under one key', () => {
    const before = rows({ unsent: [unsent('c1')] }).at(-1);
    const stored = aMessage(1, { sender: 'alice', client_id: 'c1', at: at(5) });
    const after = rows({ entries: [stored], unsent: [unsent('c1')] });
    const bubbles = after.flatMap((row) => (row.kind === 'group' ? row.bubbles : []));
    expect(bubbles.map(({ progress }) => progress)).toEqual(['sent']);
    expect(after.at(-1)?.key).toBe(before?.key);
  });

  it('say how far an own message has come', () => {
    const entries = [
      aMessage(1, { sender: 'alice', at: at(0) }),
      aMessage(2, { sender: 'alice', at: at(1) }),
    ];
    const failed = unsent('c9', { state: 'failed', reason: 'blocked' });
    const [, group] = rows({ entries, unsent: [unsent('c8'), failed], othersRead: 1 });
    const bubbles = group?.kind === 'group' ? group.bubbles : [];
    expect(bubbles.map(({ progress }) => progress)).toEqual(['read', 'sent', 'sending', 'failed']);
    expect(bubbles.at(-1)).toMatchObject({ clientId: 'c9', reason: 'blocked' });
  });

  it('leave out what waits in other conversations', () => {
    expect(rows({ unsent: [unsent('c1', { conversation: 't2' })] })).toEqual([]);
  });

  it('are never longer than what one sees', () => {
    const entries = Array.from({ length: 45 }, (_, at) => aMessage(at + 1, { at: NOON }));
    const groups = rows({ entries }).filter((row) => row.kind === 'group');
    expect(groups.map(({ bubbles }) => bubbles.length)).toEqual([20, 20, 5]);
  });

  it('quote what a message answers, as far as it is here', () => {
    const entries = [aMessage(4), aMessage(5, { reply_to: 4 }), aMessage(6, { reply_to: 1 })];
    const waiting = unsent('c1', { reply_to: 5 });
    const bubbles = rows({ entries, unsent: [waiting] }).flatMap((row) =>
      row.kind === 'group' ? row.bubbles : [],
    );
    expect(bubbles.map(({ quote }) => quote)).toMatchObject([
      null,
      { seq: 4, message: { body: 'body 4' } },
      { seq: 1, message: null },
      { seq: 5, message: { body: 'body 5' } },
    ]);
  });

  it('are found by what is in them', () => {
    const own = aMessage(2, { sender: 'alice', client_id: 'mine' });
    const all = rows({ entries: [anEvent(1), own, aMessage(3, { at: NOON })] });
    expect(rowWith(all, 1)?.key).toBe('seq:1');
    expect(rowWith(all, 2)).toMatchObject({ key: 'mine', row: { kind: 'group', mine: true } });
    expect(rowWith(all, 9)).toBeNull();
  });
});

describe('a function that answers once', () => {
  it('is asked again only when the question is another', () => {
    let asked = 0;
    const once = onceFor(({ a, b }: { a: number; b: object }) => {
      asked += 1;
      return `${a}${Object.keys(b).length}`;
    });
    const b = {};
    expect([once({ a: 1, b }), once({ a: 1, b })]).toEqual(['10', '10']);
    expect(asked).toBe(1);
    once({ a: 2, b });
    once({ a: 2, b: {} });
    expect(asked).toBe(3);
  });
});
