import { beforeEach, describe, expect, it } from 'vitest';
import { type Browser, Push } from '../client/push.ts';
import { FakeApi, turns } from './support/api.ts';

class FakeBrowser implements Browser {
  allowed: NotificationPermission = 'default';
  answer: NotificationPermission = 'granted';
  endpoint: string | null = null;
  made = 0;
  madeFor: ArrayBuffer | null = null;
  readonly closed: string[] = [];
  shown: string[] = [];
  readonly userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0';
  readonly kept = new Map<string, string>();
  readonly notes = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void this.kept.set(key, value),
    removeItem: (key: string) => void this.kept.delete(key),
  };

  registration() {
    const pushManager = {
      getSubscription: async () => this.#subscription(),
      subscribe: async () => {
        this.made += 1;
        this.endpoint ??= `https://push.example/${this.made}`;
        return this.#subscription();
      },
    };
    const getNotifications = async () =>
      this.shown.map((link) => ({ data: { link }, close: () => this.closed.push(link) }));
    const worker = { pushManager, getNotifications };
    return Promise.resolve(worker as unknown as ServiceWorkerRegistration);
  }

  permission(): NotificationPermission {
    return this.allowed;
  }

  async askPermission(): Promise<NotificationPermission> {
    this.allowed = this.answer;
    return this.answer;
  }

  #subscription() {
    const { endpoint } = this;
    return (
      endpoint && {
        endpoint,
        options: { applicationServerKey: this.madeFor },
        toJSON: () => ({ endpoint, keys: {} }),
        unsubscribe: async () => {
          this.endpoint = null;
          return true;
        },
      }
    );
  }
}

let browser: FakeBrowser;
let api: FakeApi;
let push: Push;

beforeEach(() => {
  browser = new FakeBrowser();
  api = new FakeApi();
  push = new Push('alice', api, browser);
});

async function turnedOn(): Promise<void> {
  const on = push.turnOn();
  await turns();
  await api.asked('/v1/push/public-key').answer({ public_key: 'key' });
  await api.asked('/v1/me/push-subscriptions').answer({ id: 's1' });
  await on;
}

describe('push in this browser', () => {
  it('is off until it is turned on, and stays on', async () => {
    await push.refresh();
    expect(push.state.value).toBe('off');
    await turnedOn();
    expect(push.state.value).toBe('on');
    const afterReload = new Push('alice', api, browser);
    await afterReload.refresh();
    expect(afterReload.state.value).toBe('on');
  });

  it('tells the server when it is turned off, before the browser forgets', async () => {
    await turnedOn();
    const off = push.turnOff();
    await turns();
    const asked = api.asked('/v1/me/push-subscriptions');
    expect(asked).toMatchObject({ method: 'DELETE', body: { endpoint: 'https://push.example/1' } });
    expect(browser.endpoint).not.toBeNull();
    await asked.answer(undefined);
    await off;
    expect(browser.endpoint).toBeNull();
    expect(push.state.value).toBe('off');
  });

  it('is known by a name, and which of the devices it is', async () => {
    expect(push.device).toBeNull();
    const on = push.turnOn();
    await turns();
    await api.asked('/v1/push/public-key').answer({ public_key: 'key' });
    const asked = api.asked('/v1/me/push-subscriptions');
    expect(asked.body).toMatchObject({ keys: {}, label: 'Firefox · Linux' });
    await asked.answer({ id: 's1' });
    await on;
    expect(push.device).toBe('s1');
    expect(new Push('bob', api, browser).device).toBeNull();
    const off = push.turnOff();
    await turns();
    await api.asked('/v1/me/push-subscriptions').answer(undefined);
    await off;
    expect(push.device).toBeNull();
  });

  it('subscribes anew when the server has another key by now, and only then', async () => {
    await turnedOn();
    for (const [made, id] of [
      [[1, 2, 3], 2],
      [[251, 255, 190], 2],
    ] as const) {
      browser.madeFor = new Uint8Array(made).buffer;
      const on = push.turnOn();
      await turns();
      await api.asked('/v1/push/public-key').answer({ public_key: '-_--' });
      const asked = api.asked('/v1/me/push-subscriptions');
      const endpoint = `https://push.example/${id}`;
      expect(asked.body).toMatchObject({ endpoint, key: '-_--' });
      await asked.answer({ id: 's2' });
      await on;
    }
  });

  it('stays off when the person says no', async () => {
    browser.answer = 'denied';
    await push.turnOn();
    expect(push.state.value).toBe('blocked');
    expect(api.log).toEqual([]);
  });

  it('is not on for one account because it is for another', async () => {
    await turnedOn();
    const bobs = new Push('bob', api, browser);
    await bobs.refresh();
    expect(bobs.state.value).toBe('off');
  });

  it('moves to another account with an address of its own', async () => {
    await turnedOn();
    push = new Push('bob', api, browser);
    await turnedOn();
    expect(browser.endpoint).toBe('https://push.example/2');
  });

  it('is unsupported where there are no service workers', async () => {
    const old = new Push('alice', api, Object.assign(browser, { registration: () => null }));
    await old.refresh();
    expect(old.state.value).toBe('unsupported');
  });

  it('closes what leads to the page that is open, and nothing else', async () => {
    await turnedOn();
    browser.shown = ['https://orderwire.example/orders/o1', '/orders/o2'];
    await push.close('/orders/o1');
    expect(browser.closed).toEqual(['https://orderwire.example/orders/o1']);
  });
});
