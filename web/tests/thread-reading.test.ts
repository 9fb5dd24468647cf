import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Thread } from '../client/thread.ts';
import { FakeApi, turns } from './support/api.ts';
import { FakeSocket, refusal } from './support/socket.ts';
import { aMessage, aSnapshot } from './support/things.ts';

let socket: FakeSocket;
let thread: Thread;

beforeEach(async () => {
  vi.useFakeTimers();
  const api = new FakeApi();
  socket = new FakeSocket();
  const outbox = { add: () => {}, drop: () => {} };
  thread = new Thread('t1', { account: 'alice', api, socket, outbox, known: () => undefined });
  thread.open();
  socket.subscribed('thread:t1', { offset: 3, recovered: false, snapshot: aSnapshot() });
  const items = [aMessage(1), aMessage(2), aMessage(3)];
  await api.asked('/messages').answer({ items, has_before: false, has_after: false });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('what is read while there is no connection', () => {
  it('is told when it is back, once, up to the last', async () => {
    socket.state.set('paused');
    void thread.read(2);
    await socket.call().fail(refusal(3, 'disconnected'));
    void thread.read(3);
    await socket.call().fail(refusal(3, 'disconnected'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.waiting).toBe(0);
    socket.state.set('connected');
    await turns();
    expect(socket.waiting).toBe(1);
    const call = socket.call();
    expect([call.method, call.data]).toEqual(['receipt.read', { conversation: 't1', seq: 3 }]);
    await call.answer({});
    socket.state.set('connecting');
    socket.state.set('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.waiting).toBe(0);
  });

  it('is told again after a while when only its answer did not come', async () => {
    void thread.read(3);
    await socket.call().fail(refusal(1, 'timeout'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket.call().data).toMatchObject({ seq: 3 });
  });

  it('is not told again once the server has refused it', async () => {
    void thread.read(3);
    await socket.call().fail(refusal(403, 'not_participant'));
    socket.state.set('connecting');
    socket.state.set('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(socket.waiting).toBe(0);
  });
});

describe('an answer', () => {
  it('says that what is above it was read', () => {
    thread.send({ body: 'yes', replyTo: null });
    expect(socket.call().data).toEqual({ conversation: 't1', seq: 3 });
  });
});
