import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CentrifugeSocket, isTemporary, reasonOf, type Subscribed } from '../client/socket.ts';
import { SignedOut, Tokens } from '../client/tokens.ts';
import { FakeServer } from './support/server.ts';
import { refusal } from './support/socket.ts';

const reported: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  reported.length = 0;
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

class Stage {
  readonly server = new FakeServer();
  readonly tokens: Tokens;
  readonly socket: CentrifugeSocket;
  readonly heard: unknown[] = [];
  readonly subscribed: Subscribed<unknown>[] = [];
  refusals = 0;

  constructor(renew: () => Promise<string> = () => Promise.resolve('new')) {
    this.tokens = new Tokens('old', renew);
    this.socket = new CentrifugeSocket('https://here', this.tokens, this.server.websocket);
  }

  async connected(): Promise<void> {
    this.socket.resume();
    await vi.advanceTimersByTimeAsync(0);
  }

  listen(): () => void {
    return this.socket.listen('thread:t1', {
      subscribed: (news) => this.subscribed.push(news),
      published: (publication) => this.heard.push(publication),
      refused: () => {
        this.refusals += 1;
      },
    });
  }
}

const POSITION = { recoverable: true, positioned: true, epoch: 'e' };

describe('the connection', () => {
  it('brings the inbox along, and says who we are', async () => {
    const stage = new Stage();
    await stage.connected();
    expect(stage.server.newest.url).toBe('wss://here/connection/websocket');
    expect(stage.server.commands[0]?.connect).toMatchObject({
      token: 'old',
      data: { inbox: true },
    });
    expect(stage.socket.state.value).toBe('connected');
  });

  it('fetches a fresh token when the old one has expired', async () => {
    const stage = new Stage();
    stage.server.connect = (token) =>
      token === 'new' ? { client: 'c1' } : { error: { code: 109, message: 'token expired' } };
    await stage.connected();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stage.socket.state.value).toBe('connected');
  });

  it('replaces once a token that the server refuses for good', async () => {
    const stage = new Stage();
    stage.server.connect = (token) =>
      token === 'new' ? { client: 'c1' } : { close: [3500, 'invalid token'] };
    await stage.connected();
    expect(stage.socket.state.value).toBe('connected');
    expect(stage.tokens.signedOut.value).toBe(false);
  });

  it('gives up when the replaced token is refused as well', async () => {
    const stage = new Stage();
    stage.server.connect = () => ({ close: [3500, 'invalid token'] });
    await stage.connected();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.server.sockets).toHaveLength(2);
    expect(stage.socket.state.value).toBe('refused');
    expect(stage.tokens.signedOut.value).toBe(true);
  });

  it('gives up when nobody can renew the token', async () => {
    const stage = new Stage(() => Promise.reject(new SignedOut('no more')));
    stage.server.connect = () => ({ error: { code: 109, message: 'token expired' } });
    await stage.connected();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stage.socket.state.value).toBe('refused');
  });

  it.each([3503, 3507])('gives up when it is told %d', async (code) => {
    const stage = new Stage();
    await stage.connected();
    stage.server.newest.shut(code, 'go');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(stage.server.sockets).toHaveLength(1);
    expect(stage.socket.state.value).toBe('refused');
    expect(stage.tokens.signedOut.value).toBe(true);
  });

  it.each([3501, 3509, 4501, 1009])(
    'comes back after %d, without what was being said',
    async (code) => {
      const stage = new Stage();
      await stage.connected();
      const said = stage.socket.rpc('message.send', { body: 'odd' }).catch((error) => error);
      await vi.advanceTimersByTimeAsync(0);
      stage.server.newest.shut(code, 'bad request');
      const error = await said;
      expect(isTemporary(error)).toBe(false);
      expect(stage.socket.state.value).toBe('connecting');
      expect(stage.tokens.signedOut.value).toBe(false);
      await vi.advanceTimersByTimeAsync(1_990);
      expect(stage.server.sockets).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(10);
      expect(stage.socket.state.value).toBe('connected');
    },
  );

  it('stays away longer each time that it is turned away', async () => {
    const stage = new Stage();
    stage.server.connect = () => ({ close: [3501, 'bad request'] });
    await stage.connected();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(stage.server.sockets.length).toBeLessThan(24);
    stage.server.connect = () => ({ client: 'c1' });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(stage.socket.state.value).toBe('connected');
  });

  it('rests when it is told to while it waits to come back', async () => {
    const stage = new Stage();
    await stage.connected();
    stage.server.newest.shut(3501, 'bad request');
    await vi.advanceTimersByTimeAsync(0);
    stage.socket.pause();
    expect(stage.socket.state.value).toBe('paused');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.server.sockets).toHaveLength(1);
    stage.socket.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.socket.state.value).toBe('connected');
  });

  it('says no half of a character', async () => {
    const stage = new Stage();
    await stage.connected();
    void stage.socket.rpc('message.edit', { body: 'a\ud83d 😀' });
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.server.of('rpc')[0]?.rpc?.data).toEqual({ body: 'a\ufffd 😀' });
  });

  it('goes on asking while a token merely cannot be fetched', async () => {
    let asked = 0;
    const stage = new Stage(() => {
      asked += 1;
      return asked < 3 ? Promise.reject(new TypeError('network')) : Promise.resolve('new');
    });
    stage.server.connect = (token) =>
      token === 'new' ? { client: 'c1' } : { error: { code: 109, message: 'token expired' } };
    await stage.connected();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(stage.socket.state.value).toBe('connected');
  });

  it('comes back after a shutdown, and rests when it is told to', async () => {
    const stage = new Stage();
    await stage.connected();
    stage.server.newest.shut(3001, 'shutdown');
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.socket.state.value).toBe('connecting');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stage.socket.state.value).toBe('connected');
    stage.socket.pause();
    expect(stage.socket.state.value).toBe('paused');
    stage.socket.send('typing', {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.server.of('send')).toEqual([]);
    expect(stage.server.sockets).toHaveLength(2);
  });
});

describe('a channel', () => {
  it('tells its position and snapshot, then what comes', async () => {
    const stage = new Stage();
    await stage.connected();
    stage.listen();
    await vi.advanceTimersByTimeAsync(0);
    await stage.server.subscribed('thread:t1', { ...POSITION, offset: 7, data: { a: 1 } });
    await stage.server.publish('thread:t1', { seq: 8 }, 8);
    expect(stage.subscribed).toEqual([{ recovered: false, offset: 7, snapshot: { a: 1 } }]);
    expect(stage.heard).toEqual([{ seq: 8 }]);
  });

  it('recovers from where it was, typing aside', async () => {
    const stage = new Stage();
    await stage.connected();
    stage.listen();
    await vi.advanceTimersByTimeAsync(0);
    await stage.server.subscribed('thread:t1', { ...POSITION, offset: 7 });
    await stage.server.publish('thread:t1', { seq: 8 }, 8);
    await stage.server.publish('thread:t1', { type: 'typing' });
    stage.server.newest.shut(3001, 'shutdown');
    await vi.advanceTimersByTimeAsync(2_000);
    const again = stage.server.of('subscribe').at(-1)?.subscribe;
    expect(again).toMatchObject({ recover: true, offset: 8, epoch: 'e' });
    const publications = [{ data: { seq: 9 }, offset: 9 }];
    await stage.server.subscribed('thread:t1', {
      ...POSITION,
      offset: 8,
      recovered: true,
      was_recovering: true,
      publications,
    });
    expect(stage.subscribed.at(-1)).toMatchObject({ recovered: true, offset: 8 });
    expect(stage.heard.at(-1)).toEqual({ seq: 9 });
  });

  it('outlives what a listener throws', async () => {
    const stage = new Stage();
    await stage.connected();
    const heard: unknown[] = [];
    stage.socket.listen('thread:t1', {
      subscribed: () => {
        throw new Error('first');
      },
      published: (publication) => {
        heard.push(publication);
        throw new Error('second');
      },
      refused: () => {},
    });
    await vi.advanceTimersByTimeAsync(0);
    await stage.server.subscribed('thread:t1', { ...POSITION, offset: 0 });
    await stage.server.publish('thread:t1', { seq: 1 }, 1);
    await stage.server.publish('thread:t1', { seq: 2 }, 2);
    expect(heard).toEqual([{ seq: 1 }, { seq: 2 }]);
    expect(reported).toHaveLength(3);
    expect(stage.socket.state.value).toBe('connected');
  });

  it('says when it is not ours, but not when we leave it', async () => {
    const stage = new Stage();
    await stage.connected();
    const leave = stage.listen();
    await vi.advanceTimersByTimeAsync(0);
    const { id } = stage.server.of('subscribe').at(-1) ?? {};
    await stage.server.push({ id, error: { code: 103, message: 'permission denied' } });
    expect(stage.refusals).toBe(1);
    leave();
    stage.listen()();
    expect(stage.refusals).toBe(1);
  });

  it('hears nothing after we have left', async () => {
    const stage = new Stage();
    await stage.connected();
    const leave = stage.listen();
    await vi.advanceTimersByTimeAsync(0);
    await stage.server.subscribed('thread:t1', { ...POSITION, offset: 0 });
    leave();
    await stage.server.publish('thread:t1', { seq: 1 }, 1);
    expect(stage.heard).toEqual([]);
  });
});

describe('the own inbox', () => {
  it('comes with the connection', async () => {
    const stage = new Stage();
    stage.socket.listenToInbox({
      subscribed: (news) => stage.subscribed.push(news),
      published: (publication) => stage.heard.push(publication),
    });
    const subs = { 'inbox:alice': { ...POSITION, offset: 3 } };
    stage.server.connect = () => ({ client: 'c1', subs });
    await stage.connected();
    await stage.server.publish('inbox:alice', { type: 'badge' }, 4);
    expect(stage.subscribed).toEqual([{ recovered: false, offset: 3, snapshot: null }]);
    expect(stage.heard).toEqual([{ type: 'badge' }]);
  });
});

describe('a failed call', () => {
  it.each([
    [refusal(1, 'timeout'), true],
    [refusal(100), true],
    [refusal(111), true],
    [refusal(429), true],
    [refusal(400), false],
    [refusal(403, 'blocked'), false],
    [refusal(499, 'odd', true), true],
    [new TypeError('bug'), true],
  ])('%o may be repeated: %s', (error, again) => {
    expect(isTemporary(error)).toBe(again);
  });

  it('has a reason in words', () => {
    expect(reasonOf(refusal(403, 'blocked'))).toBe('blocked');
    expect(reasonOf('odd')).toBe('odd');
  });
});
