import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Outbox } from '../client/outbox.ts';
import { IndexedDbShelf, MemoryShelf, type Shelf } from '../client/shelf.ts';
import type { Message } from '../client/types.ts';
import { turns } from './support/api.ts';
import { FakeSocket, refusal } from './support/socket.ts';
import { aMessage } from './support/things.ts';

class Stage {
  readonly socket: FakeSocket;
  readonly shelf: Shelf;
  readonly sent: Message[] = [];
  readonly outbox: Outbox;

  constructor(shelf: Shelf = new MemoryShelf(), socket = new FakeSocket()) {
    this.socket = socket;
    this.shelf = shelf;
    this.outbox = new Outbox('alice', socket, shelf, (_, message) => this.sent.push(message));
  }

  write(body: string, conversation = 't1'): void {
    this.outbox.add({ conversation, body });
  }

  get bodies(): string[] {
    return this.outbox.unsent.value.map(({ body }) => body);
  }

  get states(): string[] {
    return this.outbox.unsent.value.map(({ state }) => state);
  }
}

const stored = (seq: number) => ({ message: aMessage(seq) });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('sending', () => {
  it('waits for each answer before the next message leaves', async () => {
    const stage = new Stage();
    stage.write('one');
    stage.write('two');
    expect(stage.socket.waiting).toBe(1);
    const first = stage.socket.call();
    expect(first.data).toMatchObject({ conversation: 't1', body: 'one', attachments: [] });
    await first.answer(stored(1));
    expect(stage.socket.call().data).toMatchObject({ body: 'two' });
    expect(stage.bodies).toEqual(['two']);
    expect(stage.sent.map(({ seq }) => seq)).toEqual([1]);
  });

  it('takes no half of a character', () => {
    const stage = new Stage();
    stage.write('a\ud83d b\ude00 😀');
    expect(stage.bodies).toEqual(['a\ufffd b\ufffd 😀']);
    expect(stage.socket.call().data).toMatchObject({ body: 'a\ufffd b\ufffd 😀' });
  });

  it('does not hold up one conversation for another', () => {
    const stage = new Stage();
    stage.write('here', 't1');
    stage.write('there', 't2');
    expect(stage.socket.waiting).toBe(2);
  });

  it('tries again with the same client id, and pauses longer each time', async () => {
    const stage = new Stage();
    stage.write('one');
    const first = stage.socket.call();
    await first.fail(refusal(429, 'slow down'));
    await vi.advanceTimersByTimeAsync(499);
    expect(stage.socket.waiting).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    const second = stage.socket.call();
    expect(second.data.client_id).toBe(first.data.client_id);
    await second.fail(refusal(1, 'timeout'));
    await vi.advanceTimersByTimeAsync(999);
    expect(stage.socket.waiting).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await stage.socket.call().answer(stored(1));
    expect(stage.bodies).toEqual([]);
  });

  it('does not wait out its pause once the connection is back', async () => {
    const stage = new Stage();
    stage.write('one');
    stage.socket.state.set('connecting');
    await stage.socket.call().fail(refusal(2, 'connection lost'));
    stage.socket.state.set('connected');
    await turns();
    expect(stage.socket.waiting).toBe(1);
  });

  it('keeps what is written while there is no connection', async () => {
    const stage = new Stage(new MemoryShelf(), new FakeSocket('connecting'));
    stage.write('one');
    stage.write('two');
    expect(stage.socket.waiting).toBe(0);
    expect(stage.states).toEqual(['sending', 'sending']);
    stage.socket.state.set('connected');
    await stage.socket.call().answer(stored(1));
    await stage.socket.call().answer(stored(2));
    expect(stage.bodies).toEqual([]);
  });

  it('does not send again what arrived although its answer was lost', async () => {
    const stage = new Stage();
    stage.write('one');
    const call = stage.socket.call();
    stage.outbox.drop(call.data.client_id as string);
    await call.fail(refusal(1, 'timeout'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.socket.waiting).toBe(0);
  });
});

describe('a message that is refused', () => {
  it('stays with its reason, and lets the next one pass', async () => {
    const stage = new Stage();
    stage.write('bad');
    stage.write('good');
    await stage.socket.call().fail(refusal(403, 'blocked'));
    expect(stage.states).toEqual(['failed', 'sending']);
    expect(stage.outbox.unsent.value[0]?.reason).toBe('blocked');
    expect(stage.socket.call().data).toMatchObject({ body: 'good' });
  });

  it.each([400, 403, 413, 3501, 3509])('with %d is not sent again by itself', async (code) => {
    const stage = new Stage();
    stage.write('bad');
    stage.socket.state.set('connecting');
    await stage.socket.call().fail(refusal(code, 'no'));
    stage.socket.state.set('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.states).toEqual(['failed']);
    expect(stage.socket.waiting).toBe(0);
  });

  it('leaves once more when its writer says so', async () => {
    const stage = new Stage();
    stage.write('bad');
    const first = stage.socket.call();
    await first.fail(refusal(403, 'blocked'));
    stage.outbox.retry(first.data.client_id as string);
    expect(stage.states).toEqual(['sending']);
    expect(stage.socket.call().data.client_id).toBe(first.data.client_id);
  });

  it('is gone when its writer gives it up', async () => {
    const stage = new Stage();
    stage.write('bad');
    const call = stage.socket.call();
    await call.fail(refusal(403, 'blocked'));
    stage.outbox.drop(call.data.client_id as string);
    expect(stage.bodies).toEqual([]);
    expect(await stage.shelf.load('alice')).toEqual([]);
  });

  it('is not sent by a new connection', async () => {
    const stage = new Stage();
    stage.write('bad');
    await stage.socket.call().fail(refusal(403, 'blocked'));
    stage.socket.state.set('connecting');
    stage.socket.state.set('connected');
    await turns();
    expect(stage.socket.waiting).toBe(0);
  });
});

describe('a reload', () => {
  beforeEach(() => {
    vi.useRealTimers();
  });

  it('loses nothing: what waits is sent by the next page, under its old id', async () => {
    const name = crypto.randomUUID();
    const before = new Stage(new IndexedDbShelf(name), new FakeSocket('connecting'));
    before.write('one');
    before.write('two');
    const ids = before.outbox.unsent.value.map(({ client_id }) => client_id);
    await vi.waitFor(async () => expect(await before.shelf.load('alice')).toHaveLength(2));

    const after = new Stage(new IndexedDbShelf(name));
    await after.outbox.restore();
    expect(after.outbox.unsent.value.map(({ client_id }) => client_id)).toEqual(ids);
    await after.socket.call().answer(stored(1));
    await after.socket.call().answer(stored(2));
    await vi.waitFor(async () => expect(await after.shelf.load('alice')).toEqual([]));
  });

  it('does not show one account what another one wrote', async () => {
    const shelf = new MemoryShelf();
    const hers = new Stage(shelf, new FakeSocket('connecting'));
    hers.write('mine');
    await turns();
    const his = new Outbox('bob', new FakeSocket('connecting'), shelf, () => {});
    await his.restore();
    expect(his.unsent.value).toEqual([]);
  });

  it('works without a shelf', async () => {
    const broken: Shelf = {
      load: () => Promise.reject(new Error('no shelf')),
      put: () => Promise.reject(new Error('no shelf')),
      remove: () => Promise.reject(new Error('no shelf')),
    };
    const stage = new Stage(broken);
    await stage.outbox.restore();
    stage.write('one');
    await stage.socket.call().answer(stored(1));
    expect(stage.sent).toHaveLength(1);
  });
});
