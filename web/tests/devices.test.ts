import { beforeEach, describe, expect, it } from 'vitest';
import { Devices, deviceName } from '../client/devices.ts';
import { Orders } from '../client/orders.ts';
import { Together } from '../client/together.ts';
import { FakeApi } from './support/api.ts';
import { aContact, anOrder, aPage, at, BOB } from './support/things.ts';

let api: FakeApi;

beforeEach(() => {
  api = new FakeApi();
});

describe('devices', () => {
  const aDevice = (id: string) => ({ id, label: id, created_at: at(0) });

  it('are loaded once somebody looks, and again when one has come', async () => {
    const devices = new Devices(api);
    await devices.reload();
    expect(api.log).toEqual([]);
    devices.open();
    await api.asked('/v1/me/push-subscriptions').answer(aPage([aDevice('d1')]));
    void devices.reload();
    await api.asked('/v1/me/push-subscriptions').answer(aPage([aDevice('d1'), aDevice('d2')]));
    void devices.drop('d1');
    await api.asked('/v1/me/push-subscriptions/d1').answer(undefined);
    expect(devices.state.value).toEqual([aDevice('d2')]);
  });

  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0',
      'Edge · Windows',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36',
      'Chrome · Android',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari · iPhone',
    ],
    ['Something else', 'Something else'],
  ])('%s is %s', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
});

describe('what one has had to do with somebody', () => {
  it('is asked for by name, and told by id', async () => {
    const together = new Together(BOB, api, new Orders('alice', api));
    together.open();
    const namesake = aContact('bob2');
    await api.asked('q=Bob+Brandt').answer(aPage([namesake, aContact('bob')]));
    expect(together.state.value?.person.id).toBe('bob');
  });

  it('is asked for again with new orders and those that are done, while somebody looks', async () => {
    const orders = new Orders('alice', api);
    const together = new Together(BOB, api, orders);
    const close = together.open();
    await api.asked('/v1/contacts').answer(aPage([aContact('bob')]));
    orders.put([anOrder('o1')]);
    await api.asked('/v1/contacts').answer(aPage([aContact('bob')]));
    orders.put([anOrder('o1', { version: 2, status: 'delivered' })]);
    expect(api.isAsked('/v1/contacts')).toBe(false);
    orders.put([anOrder('o1', { version: 3, status: 'completed' })]);
    await api.asked('/v1/contacts').answer(aPage([aContact('bob', { completed_orders: 1 })]));
    expect(together.state.value?.completed_orders).toBe(1);
    close();
    orders.put([anOrder('o2')]);
    expect(api.isAsked('/v1/contacts')).toBe(false);
  });

  it('is not known when it cannot be loaded, and asked for by the next thing that happens', async () => {
    const orders = new Orders('alice', api);
    const together = new Together(BOB, api, orders);
    together.open();
    await api.asked('/v1/contacts').fail(new TypeError('network'));
    expect(together.state.value).toBeNull();
    orders.put([anOrder('o1', { seller: BOB })]);
    expect(api.isAsked('/v1/contacts')).toBe(true);
  });
});
