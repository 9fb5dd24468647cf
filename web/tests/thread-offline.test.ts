import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import type { Conversation, Entry } from '../client/types.ts';
import { aConversation, aMessage, anEvent } from './support/things.ts';
import { ThreadStage } from './support/thread.ts';

const PATIENCE = 1_500;
let stage: ThreadStage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new ThreadStage();
});

afterEach(() => {
  vi.useRealTimers();
});

async function known(entries: readonly Entry[], more: Partial<Conversation> = {}): Promise<void> {
  await stage.page(entries, true);
  await stage.api.asked('/v1/conversations/t1').answer(aConversation('t1', more));
}

describe('a thread whose channel keeps silent', () => {
  it('shows what the API knows after a while, and starts over when the channel is there', async () => {
    stage.thread.open();
    await vi.advanceTimersByTimeAsync(PATIENCE - 1);
    expect(stage.api.isAsked('t1')).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await known([anEvent(1), aMessage(2)], { can_send: false, can_send_reason: 'blocked' });
    expect(stage.state).toMatchObject({ phase: 'ready', canSend: false, hasBefore: false });
    expect(stage.seqs).toEqual([1, 2]);
    stage.subscribed(3, false);
    await stage.page([anEvent(1), aMessage(2), aMessage(3)]);
    expect(stage.seqs).toEqual([1, 2, 3]);
    expect(stage.state.canSend).toBe(true);
  });

  it('asks for nothing when the channel was in time', async () => {
    await stage.showing([aMessage(1)]);
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect(stage.api.log).toHaveLength(1);
  });

  it('takes what the channel says over what the API knew', async () => {
    stage.thread.open();
    await vi.advanceTimersByTimeAsync(PATIENCE);
    const stale = stage.api.asked('/messages');
    stage.subscribed(2, false);
    await stage.page([aMessage(1), aMessage(2)]);
    await stale.answer({ items: [aMessage(1)], has_before: false, has_after: false });
    await stage.api.asked('/v1/conversations/t1').answer(aConversation('t1'));
    expect(stage.seqs).toEqual([1, 2]);
  });

  it('shows the conversation as the inbox knows it when only its messages are at hand', async () => {
    stage.known = aConversation('t1', { unread: 2 });
    stage.thread.open();
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await stage.page([aMessage(1)]);
    await stage.api.asked('/v1/conversations/t1').fail(new TypeError('network'));
    expect(stage.state).toMatchObject({ phase: 'ready', conversation: { unread: 2 } });
  });

  it('asks again as long as the API is out of reach, too', async () => {
    stage.thread.open();
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await stage.api.asked('/messages').fail(new TypeError('network'));
    expect(stage.state.phase).toBe('loading');
    stage.api.asked('/v1/conversations/t1');
    await vi.advanceTimersByTimeAsync(2_000);
    await known([aMessage(1)]);
    expect(stage.state.phase).toBe('ready');
  });

  it('leaves it to the channel to say that there is none', async () => {
    stage.thread.open();
    await vi.advanceTimersByTimeAsync(PATIENCE);
    await stage.api.asked('/messages').fail(new Problem(404, 'not_found', 'no'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.state.phase).toBe('loading');
    expect(stage.api.log).toHaveLength(2);
  });

  it('asks for nothing once nobody looks', async () => {
    stage.thread.open()();
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect(stage.api.log).toEqual([]);
  });
});
