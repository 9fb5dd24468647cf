import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Contacts } from '../client/contacts.ts';
import { Orders } from '../client/orders.ts';
import { FakeApi } from './support/api.ts';
import { aContact, anOrder, aPage } from './support/things.ts';

let api: FakeApi;
let orders: Orders;
let contacts: Contacts;
let close: () => void;

beforeEach(async () => {
  vi.useFakeTimers();
  api = new FakeApi();
  orders = new Orders('alice', api);
  contacts = new Contacts(api, orders);
  close = contacts.open();
  await vi.advanceTimersByTimeAsync(0);
});

afterEach(() => {
  vi.useRealTimers();
});

const names = () => contacts.state.value.contacts.map(({ person }) => person.id);

describe('contacts', () => {
  it('are loaded by the last order, and go on page by page', async () => {
    await api.asked('sort=last_order&q=').answer(aPage([aContact('anna')], 'more'));
    expect(contacts.state.value.loaded).toBe(true);
    void contacts.loadMore();
    await api.asked('cursor=more').answer(aPage([aContact('anna'), aContact('ben')]));
    expect(names()).toEqual(['anna', 'ben']);
    void contacts.loadMore();
    expect(api.isAsked('/v1/contacts')).toBe(false);
  });

  it('are looked for once one pauses, and shown as they were until then', async () => {
    await api.asked('/v1/contacts').answer(aPage([aContact('anna')]));
    contacts.search('b');
    contacts.search('be ');
    expect(names()).toEqual(['anna']);
    await vi.advanceTimersByTimeAsync(200);
    await api.asked('q=be').answer(aPage([aContact('ben')]));
    expect(names()).toEqual(['ben']);
    expect(api.isAsked('/v1/contacts')).toBe(false);
  });

  it('show the answer to the latest question alone', async () => {
    const first = api.asked('/v1/contacts');
    contacts.sortBy('name');
    await vi.advanceTimersByTimeAsync(0);
    await api.asked('sort=name').answer(aPage([aContact('anna')]));
    await first.answer(aPage([aContact('ben')]));
    expect(names()).toEqual(['anna']);
  });

  it('drop a page of an earlier question', async () => {
    await api.asked('/v1/contacts').answer(aPage([aContact('anna')], 'more'));
    void contacts.loadMore();
    contacts.sortBy('orders');
    await api.asked('cursor=more').answer(aPage([aContact('ben')]));
    expect(names()).toEqual(['anna']);
  });

  it('are loaded anew when orders have changed, as long as somebody looks', async () => {
    await api.asked('/v1/contacts').answer(aPage([]));
    orders.put([anOrder('o1')]);
    orders.put([anOrder('o2')]);
    await vi.advanceTimersByTimeAsync(200);
    await api.asked('/v1/contacts').answer(aPage([aContact('bob')]));
    expect(names()).toEqual(['bob']);
    close();
    orders.put([anOrder('o3')]);
    await vi.advanceTimersByTimeAsync(200);
    expect(api.isAsked('/v1/contacts')).toBe(false);
  });

  it('say when they could not be loaded', async () => {
    await api.asked('/v1/contacts').fail(new TypeError('network'));
    expect(contacts.state.value).toMatchObject({ loaded: false, failed: true });
  });
});
