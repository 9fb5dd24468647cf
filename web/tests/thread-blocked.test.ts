import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aConversation, aMessage, aSnapshot } from './support/things.ts';
import { CHANNEL, ThreadStage } from './support/thread.ts';

let stage: ThreadStage;

const BLOCKED = aConversation('t1', { can_send: false, can_send_reason: 'blocked' });
const OPEN = aConversation('t1', { can_send: true, can_send_reason: null });

beforeEach(() => {
  vi.useFakeTimers();
  stage = new ThreadStage();
});

afterEach(() => {
  vi.useRealTimers();
});

async function isBlocked(): Promise<void> {
  stage.socket.on(CHANNEL).refused();
  await stage.api.asked('/v1/conversations/t1').answer(BLOCKED);
}

describe('who is blocked', () => {
  it('keeps what was said, may not write, and listens no more', async () => {
    await stage.showing([aMessage(1)]);
    stage.publish({ type: 'typing', account: 'bob', typing: true, expires_in: 6 });
    await isBlocked();
    expect(stage.state).toMatchObject({ phase: 'ready', canSend: false, canSendReason: 'blocked' });
    expect(stage.seqs).toEqual([1]);
    expect(stage.thread.typing.value).toEqual([]);
    expect(stage.socket.channels).toEqual([]);
  });

  it('may still read what was said before', async () => {
    stage.close = stage.thread.open();
    await isBlocked();
    await stage.page([aMessage(1), aMessage(2)]);
    expect(stage.state).toMatchObject({ phase: 'ready', canSend: false });
    expect(stage.seqs).toEqual([1, 2]);
  });

  it('listens again once that is over', async () => {
    await stage.showing([aMessage(1)]);
    await isBlocked();
    stage.thread.summarised({ ...BLOCKED, starred: true });
    expect(stage.socket.channels).toEqual([]);
    stage.thread.summarised(OPEN);
    expect(stage.socket.channels).toEqual([CHANNEL]);
    stage.socket.subscribed(CHANNEL, { offset: 1, recovered: false, snapshot: aSnapshot() });
    await stage.page([aMessage(1)]);
    stage.publish(aMessage(2));
    expect(stage.seqs).toEqual([1, 2]);
    expect(stage.state.canSend).toBe(true);
  });

  it('asks anew when it is looked at once more', async () => {
    await stage.showing([aMessage(1)]);
    await isBlocked();
    stage.close();
    stage.thread.summarised(OPEN);
    expect(stage.socket.channels).toEqual([]);
    stage.close = stage.thread.open();
    expect(stage.socket.channels).toEqual([CHANNEL]);
    const listener = stage.socket.on(CHANNEL);
    stage.thread.summarised(OPEN);
    expect(stage.socket.on(CHANNEL)).toBe(listener);
  });

  it('asks again when nobody could say why it was refused', async () => {
    await stage.showing([aMessage(1)]);
    stage.socket.on(CHANNEL).refused();
    await stage.api.asked('/v1/conversations/t1').fail(new TypeError('network'));
    await vi.advanceTimersByTimeAsync(2_000);
    await stage.api.asked('/v1/conversations/t1').answer(OPEN);
    expect(stage.socket.channels).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stage.socket.channels).toEqual([CHANNEL]);
  });
});
