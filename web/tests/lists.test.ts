import { describe, expect, it } from 'vitest';
import { Collection } from '../client/collection.ts';
import { Inbox } from '../client/inbox.ts';
import { Me } from '../client/me.ts';
import { Notifications } from '../client/notifications.ts';
import { Orders } from '../client/orders.ts';
import { Pages } from '../client/pages.ts';
import { FakeApi } from './support/api.ts';
import { ALICE, aConversation, aNotification, anOrder, aPage, at, BOB } from './support/things.ts';

const ids = (things: Iterable<{ readonly id: string }>) => [...things].map(({ id }) => id);

describe('pages', () => {
  it('go on from the cursor of the last one, until there is none', async () => {
    const api = new FakeApi();
    const pages = new Pages<string>(api, '/v1/things?x=1');
    const first = pages.next();
    await api.asked('/v1/things').answer(aPage(['a'], 'c/1'));
    expect(await first).toEqual(['a']);
    const second = pages.next();
    await api.asked('&cursor=c%2F1').answer(aPage(['b']));
    expect(await second).toEqual(['b']);
    expect(pages.more).toBe(false);
    expect(await pages.next()).toBeNull();
  });

  it('are asked for one at a time', async () => {
    const api = new FakeApi();
    const pages = new Pages<string>(api, '/v1/things?x=1');
    void pages.next();
    expect(await pages.next()).toBeNull();
    expect(api.log).toHaveLength(1);
  });

  it('that were under way when the list started over are no use', async () => {
    const api = new FakeApi();
    const pages = new Pages<string>(api, '/v1/things?x=1');
    const old = pages.next();
    const again = pages.restart();
    await api.asked('/v1/things').answer(aPage(['old'], 'old'));
    await api.asked('/v1/things').answer(aPage(['new'], 'new'));
    expect(await old).toBeNull();
    expect(await again).toEqual(['new']);
    void pages.next();
    expect(api.isAsked('cursor=new')).toBe(true);
  });

  it('can be asked for again after a failure', async () => {
    const api = new FakeApi();
    const pages = new Pages<string>(api, '/v1/things?x=1');
    const failed = pages.next();
    await api.asked('/v1/things').fail(new TypeError('network'));
    await expect(failed).rejects.toThrow('network');
    void pages.next();
    expect(api.isAsked('/v1/things')).toBe(true);
  });
});

describe('a collection', () => {
  interface Thing {
    readonly id: string;
    readonly text: string;
  }
  const stage = () => {
    const api = new FakeApi();
    const things = new Collection<Thing>();
    const pages = new Pages<Thing>(api, '/v1/things?x=1');
    const texts = () => [...things.items.value.values()].map(({ id, text }) => `${id}:${text}`);
    return { api, things, pages, texts };
  };

  it('keeps news that came while an older page was on its way', async () => {
    const { api, things, pages, texts } = stage();
    const loading = things.load(pages);
    things.put([{ id: 'a', text: 'new' }]);
    await api.asked('/v1/things').answer(
      aPage([
        { id: 'a', text: 'old' },
        { id: 'b', text: 'old' },
      ]),
    );
    await loading;
    expect(texts()).toEqual(['a:new', 'b:old']);
  });

  it('takes from a page what changed before the page was asked for', async () => {
    const { api, things, pages, texts } = stage();
    things.put([{ id: 'a', text: 'old' }]);
    void things.load(pages);
    await api.asked('/v1/things').answer(aPage([{ id: 'a', text: 'newer' }]));
    expect(texts()).toEqual(['a:newer']);
  });

  it('forgets on a restart what nobody speaks of any more', async () => {
    const { api, things, pages, texts } = stage();
    things.put([{ id: 'gone', text: 'old' }]);
    const restarted = things.restart([pages]);
    things.put([{ id: 'fresh', text: 'new' }]);
    await api.asked('/v1/things').answer(aPage([{ id: 'a', text: 'page' }]));
    expect(await restarted).toBe(true);
    expect(texts()).toEqual(['fresh:new', 'a:page']);
  });

  it('says when a restart was overtaken by another', async () => {
    const { api, things, pages, texts } = stage();
    const first = things.restart([pages]);
    const second = things.restart([pages]);
    await api.asked('/v1/things').answer(aPage([{ id: 'a', text: 'first' }]));
    expect(await first).toBe(false);
    expect(texts()).toEqual([]);
    await api.asked('/v1/things').answer(aPage([{ id: 'a', text: 'second' }]));
    expect(await second).toBe(true);
    expect(texts()).toEqual(['a:second']);
  });
});

describe('the inbox', () => {
  it('stands in the order of what happened last', async () => {
    const api = new FakeApi();
    const inbox = new Inbox(api);
    void inbox.reload();
    expect(inbox.state.value.loaded).toBe(false);
    await api
      .asked('filter=all')
      .answer(
        aPage([
          aConversation('late', { active_at: at(2) }),
          aConversation('early', { active_at: at(1) }),
        ]),
      );
    expect(inbox.state.value.loaded).toBe(true);
    inbox.put([aConversation('early', { active_at: at(3) })]);
    expect(ids(inbox.state.value.conversations)).toEqual(['early', 'late']);
  });

  it('asks on a reload for each filter that is in use', async () => {
    const api = new FakeApi();
    const inbox = new Inbox(api);
    void inbox.loadMore('unread');
    await api.asked('filter=unread').answer(aPage([aConversation('a', { unread: 1 })]));
    void inbox.reload();
    await api.asked('filter=all').answer(aPage([]));
    expect(ids(inbox.state.value.conversations)).toEqual(['a']);
    await api.asked('filter=unread').answer(aPage([]));
    expect(ids(inbox.state.value.conversations)).toEqual([]);
  });

  it('shows a star at once, and takes it back when it is refused', async () => {
    const api = new FakeApi();
    const inbox = new Inbox(api);
    inbox.put([aConversation('a')]);
    const changing = inbox.change('a', { starred: true });
    expect(inbox.find('a')?.starred).toBe(true);
    const asked = api.asked('/v1/conversations/a');
    expect(asked).toMatchObject({ method: 'PATCH', body: { starred: true } });
    await asked.fail(new Error('no'));
    await expect(changing).rejects.toThrow('no');
    expect(inbox.find('a')?.starred).toBe(false);
  });
});

describe('the counts', () => {
  const me = { account: ALICE, active_orders: 0, is_seller: true };

  it('are those that the socket said last', async () => {
    const api = new FakeApi();
    const mine = new Me(api);
    void mine.reload();
    mine.badge({ unread_conversations: 3, unread_notifications: 1 });
    await api.asked('/v1/me').answer({ ...me, unread_conversations: 2, unread_notifications: 0 });
    expect(mine.state.value).toMatchObject({ unread_conversations: 3, unread_notifications: 1 });
  });

  it('are those of the answer when the socket said nothing since', async () => {
    const api = new FakeApi();
    const mine = new Me(api);
    mine.badge({ unread_conversations: 9, unread_notifications: 9 });
    void mine.reload();
    await api.asked('/v1/me').answer({ ...me, unread_conversations: 2, unread_notifications: 0 });
    expect(mine.state.value).toMatchObject({ unread_conversations: 2, unread_notifications: 0 });
  });
});

describe('orders', () => {
  const loaded = async (...items: ReturnType<typeof anOrder>[]) => {
    const api = new FakeApi();
    const orders = new Orders('alice', api);
    void orders.reload();
    await api.asked('role=seller').answer(aPage(items));
    await api.asked('role=buyer').answer(aPage([]));
    return { api, orders };
  };

  it('stand by urgency: active ones by due time, then the rest by age', async () => {
    const { orders } = await loaded(
      anOrder('done', { status: 'completed', created_at: at(9), due_at: at(1) }),
      anOrder('older', { status: 'cancelled', created_at: at(1) }),
      anOrder('soon', { due_at: at(10) }),
      anOrder('whenever', { due_at: null, status: 'awaiting_requirements' }),
      anOrder('later', { due_at: at(20) }),
    );
    expect(ids(orders.as('seller'))).toEqual(['soon', 'later', 'whenever', 'done', 'older']);
  });

  it('are told apart by side', async () => {
    const { orders } = await loaded(
      anOrder('sold'),
      anOrder('bought', { seller: BOB, buyer: ALICE }),
    );
    expect(ids(orders.as('seller'))).toEqual(['sold']);
    expect(ids(orders.as('buyer'))).toEqual(['bought']);
    expect(ids(orders.between('bob'))).toHaveLength(2);
    expect(ids(orders.between('carol'))).toEqual([]);
  });

  it('never go back to an older version', async () => {
    const { orders } = await loaded(anOrder('o', { version: 3, status: 'delivered' }));
    orders.put([anOrder('o', { version: 2, status: 'in_progress' })]);
    expect(orders.as('seller')[0]?.status).toBe('delivered');
    orders.put([anOrder('o', { version: 4, status: 'completed' })]);
    expect(orders.as('seller')[0]?.status).toBe('completed');
  });

  it('count their loads, so that a page knows when something was missed', async () => {
    const { api, orders } = await loaded();
    expect(orders.state.value.loads).toBe(1);
    void orders.reload();
    await api.asked('role=seller').answer(aPage([]));
    expect(orders.state.value.loads).toBe(1);
    await api.asked('role=buyer').answer(aPage([]));
    expect(orders.state.value.loads).toBe(2);
  });
});

describe('alerts', () => {
  it('that are about what is looked at are marked once', async () => {
    const api = new FakeApi();
    const alerts = new Notifications(api);
    alerts.put([
      aNotification('n1', { order_id: 'o1' }),
      aNotification('n2', { order_id: 'o2' }),
      aNotification('n3', { order_id: 'o1', read_at: at(1) }),
    ]);
    const isAbout = ({ order_id }: { order_id: string | null }) => order_id === 'o1';
    const marking = alerts.seen(isAbout);
    void alerts.seen(isAbout);
    const asked = api.asked('/v1/notifications/read');
    expect(asked.body).toEqual({ ids: ['n1'] });
    expect(api.isAsked('/v1/notifications/read')).toBe(false);
    const failed = expect(marking).rejects.toThrow('network');
    await asked.fail(new TypeError('network'));
    await failed;
    void alerts.seen(isAbout);
    expect(api.isAsked('/v1/notifications/read')).toBe(true);
  });

  it('stand newest first', () => {
    const alerts = new Notifications(new FakeApi());
    alerts.put([aNotification('a', { at: at(1) }), aNotification('b', { at: at(2) })]);
    expect(ids(alerts.state.value.items)).toEqual(['b', 'a']);
  });
});
