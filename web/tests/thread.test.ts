import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import { turns } from './support/api.ts';
import { refusal } from './support/socket.ts';
import { aConversation, aMessage, at } from './support/things.ts';
import { CHANNEL, ThreadStage } from './support/thread.ts';

let stage: ThreadStage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new ThreadStage();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('opening a thread', () => {
  it('shows the newest page together with what happened while it was on its way', async () => {
    stage.thread.open();
    stage.subscribed(2, false);
    stage.publish(aMessage(3), aMessage(4));
    expect(stage.seqs).toEqual([]);
    await stage.page([aMessage(1), aMessage(2), aMessage(3)]);
    expect(stage.seqs).toEqual([1, 2, 3, 4]);
    expect(stage.state.phase).toBe('ready');
  });

  it('shares one subscription among several views, and ends it with the last', () => {
    const first = stage.thread.open();
    const second = stage.thread.open();
    first();
    expect(stage.socket.channels).toEqual([CHANNEL]);
    second();
    expect(stage.socket.channels).toEqual([]);
  });

  it('says so when the thread is not ours', async () => {
    stage.thread.open();
    stage.socket.on(CHANNEL).refused();
    await stage.api.asked('/v1/conversations/t1').fail(new Problem(404, 'not_found', 'no'));
    expect(stage.state.phase).toBe('gone');
  });

  it('says so when there is no such conversation', async () => {
    stage.thread.open();
    stage.subscribed(0, false);
    await stage.api.asked('/messages').fail(new Problem(404, 'not_found', 'no'));
    expect(stage.state.phase).toBe('gone');
  });

  it('asks again for a page that did not come', async () => {
    stage.thread.open();
    stage.subscribed(1, false);
    await stage.api.asked('/messages').fail(new TypeError('network'));
    await vi.advanceTimersByTimeAsync(2_000);
    await stage.page([aMessage(1)]);
    expect(stage.seqs).toEqual([1]);
  });

  it('asks no more once nobody looks', async () => {
    const close = stage.thread.open();
    stage.subscribed(1, false);
    close();
    await stage.api.asked('/messages').fail(new TypeError('network'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.api.isAsked('/messages')).toBe(false);
  });
});

describe('coming back', () => {
  it('goes on with what was recovered, without asking for a page', async () => {
    await stage.showing([aMessage(1), aMessage(2)]);
    stage.subscribed(2, true);
    stage.publish(aMessage(3), aMessage(4));
    expect(stage.seqs).toEqual([1, 2, 3, 4]);
    expect(stage.api.isAsked('/messages')).toBe(false);
  });

  it('starts over from the newest page when recovery fails', async () => {
    await stage.showing([aMessage(1), aMessage(2)], true);
    stage.subscribed(500, false);
    expect(stage.seqs).toEqual([1, 2]);
    await stage.page([aMessage(499), aMessage(500)], true);
    expect(stage.seqs).toEqual([499, 500]);
    expect(stage.state.hasBefore).toBe(true);
  });

  it('takes no page that was asked for before it started over', async () => {
    stage.thread.open();
    stage.subscribed(2, false);
    stage.subscribed(900, false);
    await stage.page([aMessage(1), aMessage(2)]);
    expect(stage.seqs).toEqual([]);
    await stage.page([aMessage(900)], true);
    expect(stage.seqs).toEqual([900]);
  });

  it('lets repeated publications change nothing', async () => {
    await stage.showing([aMessage(1), aMessage(2)]);
    stage.publish(aMessage(1), aMessage(2));
    expect(stage.seqs).toEqual([1, 2]);
    expect(stage.api.isAsked('/messages')).toBe(false);
  });

  it('fills a gap, whoever made it', async () => {
    await stage.showing([aMessage(1)]);
    stage.publish(aMessage(4));
    await stage.page([aMessage(1), aMessage(2), aMessage(3)]);
    expect(stage.seqs).toEqual([1, 2, 3, 4]);
  });

  it('counts edits, which have a place in the sequence but none on the page', async () => {
    stage.thread.open();
    stage.subscribed(3, false);
    await stage.page([aMessage(1), aMessage(2)]);
    stage.publish({ type: 'edit', seq: 4, of: 1, body: 'better', by: 'bob', at: at(4) });
    stage.publish(aMessage(5));
    expect(stage.api.isAsked('/messages')).toBe(false);
    expect(stage.seqs).toEqual([1, 2, 5]);
    expect(stage.state.entries[0]).toMatchObject({ body: 'better' });
  });
});

describe('own messages', () => {
  const mine = aMessage(3, { sender: 'alice', client_id: 'mine' });

  it('leave the outbox when they are published', async () => {
    await stage.showing([aMessage(2)]);
    stage.publish(mine);
    expect(stage.dropped).toEqual(['mine']);
  });

  it('stay where they are when the answer comes before the page', async () => {
    await stage.showing([aMessage(1)]);
    stage.subscribed(2, false);
    stage.thread.sent(mine);
    expect(stage.seqs).toEqual([1, 3]);
    await stage.page([aMessage(1), aMessage(2), mine]);
    expect(stage.seqs).toEqual([1, 2, 3]);
  });

  it('wait in the outbox until they are shown', async () => {
    stage.thread.open();
    stage.subscribed(2, false);
    stage.publish(mine);
    expect(stage.dropped).toEqual([]);
    await stage.page([aMessage(2)]);
    expect(stage.dropped).toEqual(['mine']);
  });

  it('that are answered before their publication are no gap', async () => {
    await stage.showing([aMessage(1)]);
    stage.thread.sent(mine);
    stage.publish(aMessage(2), mine);
    expect(stage.seqs).toEqual([1, 2, 3]);
    expect(stage.api.isAsked('/messages')).toBe(false);
  });
});

describe('older pages', () => {
  it('come in above, until there are none', async () => {
    await stage.showing([aMessage(51), aMessage(52)], true);
    void stage.thread.loadBefore();
    expect(stage.state.loadingBefore).toBe(true);
    void stage.thread.loadBefore();
    const asked = stage.api.asked('before=51');
    await asked.answer({ items: [aMessage(50)], has_before: false, has_after: true });
    expect(stage.seqs).toEqual([50, 51, 52]);
    expect(stage.state).toMatchObject({ loadingBefore: false, hasBefore: false });
    void stage.thread.loadBefore();
    expect(stage.api.isAsked('before')).toBe(false);
  });

  it('are not mixed into a list that starts over', async () => {
    await stage.showing([aMessage(51)], true);
    void stage.thread.loadBefore();
    const older = stage.api.asked('before=51');
    stage.subscribed(900, false);
    await older.answer({ items: [aMessage(50)], has_before: false, has_after: true });
    await stage.page([aMessage(900)], true);
    expect(stage.seqs).toEqual([900]);
  });

  it('are not asked for while the list starts over', async () => {
    await stage.showing([aMessage(51)], true);
    stage.subscribed(900, false);
    await stage.thread.loadBefore();
    expect(stage.api.isAsked('before')).toBe(false);
  });

  it('can be asked for again when they did not come', async () => {
    await stage.showing([aMessage(51)], true);
    void stage.thread.loadBefore();
    await stage.api.asked('before').fail(new TypeError('network'));
    void stage.thread.loadBefore();
    expect(stage.api.isAsked('before')).toBe(true);
  });
});

describe('reading', () => {
  it('is told once for each place, and never backwards', async () => {
    await stage.showing([aMessage(1)]);
    void stage.thread.read(5);
    void stage.thread.read(5);
    void stage.thread.read(4);
    expect(stage.socket.called).toEqual(['receipt.read']);
    expect(stage.socket.call().data).toEqual({ conversation: 't1', seq: 5 });
  });

  it('is not told of what the server knows to be read', async () => {
    stage.thread.open();
    stage.subscribed(9, false, { conversation: aConversation('t1', { read_seq: 9 }) });
    void stage.thread.read(9);
    expect(stage.socket.waiting).toBe(0);
  });

  it('is told again when it could not be', async () => {
    await stage.showing([aMessage(1)]);
    void stage.thread.read(5);
    await stage.socket.call().fail(refusal(1, 'timeout'));
    void stage.thread.read(5);
    expect(stage.socket.waiting).toBe(1);
  });

  it('of others shows in the receipts', async () => {
    await stage.showing([aMessage(1)]);
    stage.publish({ type: 'receipt', account: 'bob', read_seq: 1, delivered_seq: 1 });
    expect(stage.state.receipts).toEqual({ bob: { read_seq: 1, delivered_seq: 1 } });
  });
});

describe('typing', () => {
  const typing = (on: boolean) => ({ type: 'typing', account: 'bob', typing: on, expires_in: 6 });
  const writing = () => stage.thread.typing.value;

  beforeEach(async () => {
    await stage.showing([aMessage(1)]);
  });

  it('of others shows until they stop', () => {
    stage.publish(typing(true));
    expect(writing()).toEqual(['bob']);
    stage.publish(typing(false));
    expect(writing()).toEqual([]);
  });

  it('ends by itself when nothing more is heard', () => {
    stage.publish(typing(true));
    vi.advanceTimersByTime(5_000);
    stage.publish(typing(true));
    vi.advanceTimersByTime(5_999);
    expect(writing()).toEqual(['bob']);
    vi.advanceTimersByTime(1);
    expect(writing()).toEqual([]);
  });

  it('ends with the message', () => {
    stage.publish(typing(true), aMessage(2));
    expect(writing()).toEqual([]);
  });

  it('of oneself, on another device, is not shown', () => {
    stage.publish({ ...typing(true), account: 'alice' });
    expect(writing()).toEqual([]);
  });

  const said = () => stage.socket.said.map(([, data]) => (data as { typing: boolean }).typing);

  it('of oneself is said at most every two seconds, and its end once', () => {
    stage.thread.typingGoesOn();
    vi.advanceTimersByTime(2_100);
    stage.thread.typingGoesOn();
    stage.thread.typingStopped();
    stage.thread.typingStopped();
    expect(said()).toEqual([true, true, false]);
  });

  it('of oneself that came too soon is said when it may be', () => {
    stage.thread.typingGoesOn();
    stage.thread.send({ body: 'one more thing', replyTo: null });
    stage.thread.typingGoesOn();
    stage.thread.typingGoesOn();
    vi.advanceTimersByTime(2_099);
    expect(said()).toEqual([true]);
    vi.advanceTimersByTime(1);
    expect(said()).toEqual([true, true]);
  });

  it.each(['typingStopped', 'close'] as const)('of oneself is not said late after %s', (end) => {
    stage.thread.typingGoesOn();
    stage.thread.send({ body: 'done', replyTo: null });
    stage.thread.typingGoesOn();
    if (end === 'close') stage.close();
    else stage.thread.typingStopped();
    vi.advanceTimersByTime(5_000);
    expect(said()).toEqual([true]);
  });

  it('needs no end after the message was sent', () => {
    stage.thread.typingGoesOn();
    stage.thread.send({ body: 'done', replyTo: null });
    stage.thread.typingStopped();
    expect(stage.socket.said).toHaveLength(1);
    expect(stage.written).toEqual(['done']);
  });
});

describe('the right to write', () => {
  const locked = { can_send: false, can_send_reason: 'first_contact_required' };

  it('is asked for again when the other side has written', async () => {
    stage.thread.open();
    stage.subscribed(0, false, locked);
    await stage.page([]);
    expect(stage.state).toMatchObject({ canSend: false, canSendReason: 'first_contact_required' });
    stage.publish(aMessage(1));
    await stage.api.asked('/v1/conversations/t1').answer(aConversation('t1', { can_send: true }));
    expect(stage.state).toMatchObject({ canSend: true, canSendReason: null });
  });

  it('is not asked for while one has it', async () => {
    await stage.showing([aMessage(1)]);
    await stage.thread.reconsider();
    expect(stage.api.log.filter((path) => !path.includes('/messages'))).toEqual([]);
  });

  it('is kept when the inbox tells news that do not mention it', async () => {
    stage.thread.open();
    stage.subscribed(0, false, locked);
    stage.thread.summarised(aConversation('t1', { unread: 3 }));
    expect(stage.state).toMatchObject({ canSend: false, canSendReason: 'first_contact_required' });
    expect(stage.state.conversation?.unread).toBe(3);
    await turns();
  });

  it('goes as soon as the inbox says so', async () => {
    await stage.showing([aMessage(1)]);
    stage.thread.summarised(aConversation('t1', { can_send: false, can_send_reason: 'blocked' }));
    expect(stage.state).toMatchObject({ canSend: false, canSendReason: 'blocked' });
    stage.thread.summarised(aConversation('t1', { can_send: true, can_send_reason: null }));
    expect(stage.state).toMatchObject({ canSend: true, canSendReason: null });
  });
});
