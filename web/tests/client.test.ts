import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, MemoryShelf } from '../client/index.ts';
import { MemoryRecall } from './support/recall.ts';
import { FakeServer } from './support/server.ts';
import {
  ALICE,
  aConversation,
  aMessage,
  aNotification,
  anOrder,
  aPage,
  aSnapshot,
  aToken,
} from './support/things.ts';

const ME = { account: ALICE, active_orders: 0, is_seller: true };
const COUNTS = { unread_conversations: 1, unread_notifications: 0 };

/** A whole client before a server that is small enough to see through. */
class Stage {
  readonly server = new FakeServer();
  readonly asked: string[] = [];
  readonly answers = new Map<string, () => Response>([
    ['/v1/me/preferences', () => Response.json({ locale: 'de' })],
    ['/v1/me', () => Response.json({ ...ME, ...COUNTS })],
    ['/v1/conversations/t1/messages', () => Response.json({ items: [], has_before: false })],
    ['/v1/conversations', () => Response.json(aPage([aConversation('t1')]))],
    ['/v1/orders', () => Response.json(aPage([anOrder('o1')]))],
    ['/v1/notifications', () => Response.json(aPage([aNotification('n1')]))],
  ]);
  inbox: object = { recoverable: true, positioned: true, epoch: 'e', offset: 1 };

  constructor() {
    vi.stubGlobal('WebSocket', this.server.websocket);
    vi.stubGlobal('fetch', async (url: string) => this.#answer(url));
    this.server.connect = () => ({ client: 'c1', subs: { 'inbox:alice': this.inbox } });
  }

  async client() {
    const client = connect({
      token: aToken({ sub: 'alice' }),
      origin: 'http://here',
      shelf: new MemoryShelf(),
      recall: new MemoryRecall(),
    });
    await vi.advanceTimersByTimeAsync(10);
    return client;
  }

  async news(publication: object): Promise<void> {
    await this.server.publish('inbox:alice', publication, 2);
  }

  #answer(url: string): Response {
    const { pathname } = new URL(url);
    this.asked.push(pathname);
    return this.answers.get(pathname)?.() ?? new Response('', { status: 404 });
  }
}

let stage: Stage;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a client', () => {
  it('loads its lists when it has connected', async () => {
    const client = await stage.client();
    expect(client.account).toBe('alice');
    expect(client.me.state.value).toMatchObject(COUNTS);
    expect(client.inbox.state.value.conversations).toHaveLength(1);
    expect(client.orders.as('seller')).toHaveLength(1);
    expect(client.notifications.state.value.items).toHaveLength(1);
    expect(client.preferences.state.value?.locale).toBe('de');
  });

  it('shows what the API knows when the socket keeps silent', async () => {
    stage.server.connect = () => ({ error: { code: 111, message: 'later', temporary: true } });
    const client = await stage.client();
    expect(client.inbox.state.value.loaded).toBe(false);
    await vi.advanceTimersByTimeAsync(2_010);
    expect(client.inbox.state.value.conversations).toHaveLength(1);
  });

  it('hands each piece of news to the store that it is for', async () => {
    const client = await stage.client();
    await stage.news({ type: 'conversation', conversation: aConversation('t2') });
    await stage.news({ type: 'order', order: anOrder('o2') });
    await stage.news({ type: 'notification', notification: aNotification('n2') });
    await stage.news({ type: 'badge', unread_conversations: 5, unread_notifications: 6 });
    expect(client.inbox.find('t2')).toBeDefined();
    expect(client.orders.as('seller')).toHaveLength(2);
    expect(client.notifications.state.value.items).toHaveLength(2);
    expect(client.me.state.value).toMatchObject({ unread_conversations: 5 });
  });

  it('loads nothing again when what was missed is recovered', async () => {
    await stage.client();
    const before = stage.asked.length;
    stage.inbox = { ...stage.inbox, recovered: true, was_recovering: true };
    stage.server.newest.shut(3001, 'shutdown');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(stage.server.sockets).toHaveLength(2);
    expect(stage.asked).toHaveLength(before);
  });

  it('loads all again when what was missed cannot be told', async () => {
    const client = await stage.client();
    stage.answers.set('/v1/conversations', () => Response.json(aPage([aConversation('t9')])));
    stage.server.newest.shut(3001, 'shutdown');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(client.inbox.state.value.conversations.map(({ id }) => id)).toEqual(['t9']);
  });

  it('tries again to load what did not come', async () => {
    const answer = stage.answers.get('/v1/orders');
    stage.answers.set('/v1/orders', () => new Response('', { status: 503 }));
    const client = await stage.client();
    expect(client.orders.state.value.loads).toBe(0);
    if (answer) stage.answers.set('/v1/orders', answer);
    await vi.advanceTimersByTimeAsync(2_010);
    expect(client.orders.state.value.loads).toBe(1);
  });

  it('shows the answer to a message in its thread before its publication comes', async () => {
    const client = await stage.client();
    const thread = client.thread('t1');
    thread.open();
    await vi.advanceTimersByTimeAsync(10);
    const position = { recoverable: true, positioned: true, epoch: 'e', offset: 0 };
    await stage.server.subscribed('thread:t1', { ...position, data: aSnapshot() });
    await vi.advanceTimersByTimeAsync(10);
    thread.send({ body: 'hello', replyTo: null });
    await vi.advanceTimersByTimeAsync(10);
    const call = stage.server.of('rpc').at(-1);
    expect(call?.rpc).toMatchObject({ method: 'message.send', data: { body: 'hello' } });
    const message = aMessage(1, { sender: 'alice', body: 'hello' });
    await stage.server.push({ id: call?.id, rpc: { data: { message } } });
    expect(thread.state.value.entries).toEqual([message]);
    expect(client.outbox.unsent.value).toEqual([]);
  });

  it('says after each connect which thread is looked at', async () => {
    const client = await stage.client();
    client.focus('t1');
    client.focus('t1');
    await vi.advanceTimersByTimeAsync(0);
    stage.server.newest.shut(3001, 'shutdown');
    await vi.advanceTimersByTimeAsync(2_000);
    client.blur('another');
    client.blur('t1');
    await vi.advanceTimersByTimeAsync(0);
    const said = stage.server.of('send').map(({ send }) => send?.data);
    expect(said).toEqual([
      { method: 'focus', data: { conversation: 't1' } },
      { method: 'focus', data: { conversation: 't1' } },
      { method: 'focus', data: { conversation: null } },
    ]);
  });
});
