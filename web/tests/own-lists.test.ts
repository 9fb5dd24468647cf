import { beforeEach, describe, expect, it } from 'vitest';
import { Blocks } from '../client/blocks.ts';
import { OwnList } from '../client/own-list.ts';
import { filledIn, matching, QuickReplies } from '../client/quick-replies.ts';
import type { QuickReply } from '../client/types.ts';
import { FakeApi } from './support/api.ts';
import { aPage, at, BOB } from './support/things.ts';

let api: FakeApi;

beforeEach(() => {
  api = new FakeApi();
});

const aReply = (id: string, more: Partial<QuickReply> = {}): QuickReply => ({
  id,
  title: id,
  body: `text of ${id}`,
  ...more,
});

describe('a list of one’s own', () => {
  it('is loaded whole, once for all who want to see it', async () => {
    const list = new OwnList<string>(api, '/v1/things');
    list.open();
    void list.load();
    await api.asked('/v1/things?limit=200').answer(aPage(['a'], 'next'));
    await api.asked('cursor=next').answer(aPage(['b']));
    expect(list.state.value).toEqual(['a', 'b']);
    void list.load();
    expect(api.isAsked('/v1/things')).toBe(false);
  });

  it('is asked for again when it could not be loaded', async () => {
    const list = new OwnList<string>(api, '/v1/things');
    list.open();
    await api.asked('/v1/things').fail(new TypeError('network'));
    list.open();
    await api.asked('/v1/things').answer(aPage(['a']));
    expect(list.state.value).toEqual(['a']);
  });

  it('is loaded once more when it was changed meanwhile', async () => {
    const list = new OwnList<string>(api, '/v1/things');
    list.open();
    const stale = api.asked('/v1/things');
    list.change((all) => [...all, 'b']);
    await stale.answer(aPage(['a']));
    expect(list.state.value).toBeNull();
    await api.asked('/v1/things').answer(aPage(['a', 'b']));
    expect(list.state.value).toEqual(['a', 'b']);
  });
});

describe('quick replies', () => {
  let replies: QuickReplies;

  beforeEach(async () => {
    replies = new QuickReplies(api);
    replies.open();
    await api.asked('/v1/quick-replies').answer(aPage([aReply('q1')]));
  });

  const titles = () => replies.state.value?.map(({ title }) => title);

  it('are added, changed and dropped', async () => {
    void replies.add({ title: 'Thanks', body: 'Thank you' });
    const asked = api.asked('/v1/quick-replies');
    expect(asked.body).toEqual({ title: 'Thanks', body: 'Thank you' });
    await asked.answer(aReply('q2', { title: 'Thanks' }));
    expect(titles()).toEqual(['q1', 'Thanks']);
    void replies.change('q2', { title: 'Many thanks', body: 'Thank you' });
    await api.asked('/v1/quick-replies/q2').answer(aReply('q2', { title: 'Many thanks' }));
    expect(titles()).toEqual(['q1', 'Many thanks']);
    void replies.drop('q1');
    await api.asked('/v1/quick-replies/q1').answer(undefined);
    expect(titles()).toEqual(['Many thanks']);
  });

  it('are found by how a word of their title begins', () => {
    const all = [aReply('1', { title: 'Many Thanks' }), aReply('2', { title: 'Delivery' })];
    const found = (sought: string) => matching(all, sought).map(({ id }) => id);
    expect(found('')).toEqual(['1', '2']);
    expect(found('THA')).toEqual(['1']);
    expect(found('many t')).toEqual(['1']);
    expect(found('anks')).toEqual([]);
  });

  it('are filled in, and show what cannot be', () => {
    const text = 'Hello {name}, about {order}: {price}';
    expect(filledIn(text, { name: '$& {order}', order: '' })).toBe(
      'Hello $& {order}, about {order}: {price}',
    );
  });
});

describe('blocks', () => {
  let blocks: Blocks;
  const block = { person: BOB, blocked_at: at(0) };

  beforeEach(async () => {
    blocks = new Blocks(api);
    blocks.open();
    await api.asked('/v1/blocks').answer(aPage([]));
  });

  it('hold until they are taken back', async () => {
    void blocks.block('bob');
    await api.asked('/v1/blocks/bob').answer(block);
    expect(blocks.has('bob')).toBe(true);
    void blocks.block('bob');
    await api.asked('/v1/blocks/bob').answer(block);
    expect(blocks.state.value).toHaveLength(1);
    void blocks.unblock('bob');
    await api.asked('/v1/blocks/bob').answer(undefined);
    expect(blocks.has('bob')).toBe(false);
  });

  it('do not hold when they were refused', async () => {
    const blocked = blocks.block('bob');
    blocked.catch(() => {});
    await api.asked('/v1/blocks/bob').fail(new TypeError('network'));
    await expect(blocked).rejects.toThrow();
    expect(blocks.has('bob')).toBe(false);
  });

  it('are not all that one can do: one can report somebody', async () => {
    const report = {
      account_id: 'bob',
      reason: 'spam',
      comment: '',
      conversation_id: 't1',
      seq: 3,
    } as const;
    void blocks.report(report);
    expect(api.asked('/v1/reports').body).toEqual(report);
  });
});
