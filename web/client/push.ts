/** This browser as a place to push to: on, off, test; and the pushes that it shows. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';

/** `blocked`: the person told the browser never to show any; only the browser can undo that. */
export type PushState = 'unknown' | 'unsupported' | 'blocked' | 'off' | 'on';

/** What of the browser we need. */
export interface Browser {
  /** Null where there are no pushes at all. */
  registration(): Promise<ServiceWorkerRegistration> | null;
  permission(): NotificationPermission;
  askPermission(): Promise<NotificationPermission>;
  readonly notes: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export const THIS_BROWSER: Browser = {
  registration: () =>
    'serviceWorker' in navigator && 'PushManager' in globalThis
      ? navigator.serviceWorker.ready
      : null,
  permission: () => Notification.permission,
  askPermission: () => Notification.requestPermission(),
  get notes() {
    return localStorage;
  },
};

/** One browser may serve several accounts, but pushes go to one: whose they are. */
const OWNER = 'orderwire.push.account';

export class Push {
  readonly #account: string;
  readonly #api: Requests;
  readonly #browser: Browser;
  readonly #state = new Store<PushState>('unknown');

  constructor(account: string, api: Requests, browser: Browser = THIS_BROWSER) {
    this.#account = account;
    this.#api = api;
    this.#browser = browser;
  }

  get state(): Readable<PushState> {
    return this.#state;
  }

  /** Looks at what the browser says; its service worker must be registered or on its way. */
  async refresh(): Promise<void> {
    this.#state.set(await this.#look());
  }

  /** Asks for permission: call it from a click. */
  async turnOn(): Promise<void> {
    const worker = await this.#browser.registration();
    if (!worker || (await this.#browser.askPermission()) !== 'granted') return this.refresh();
    const { public_key } = await this.#api.get<{ public_key: string }>('/v1/push/public-key');
    // Somebody else's, or made for a key that is no more: its pushes end with it.
    if (!this.#isOurs()) await (await worker.pushManager.getSubscription())?.unsubscribe();
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: public_key,
    });
    await this.#api.send('POST', '/v1/me/push-subscriptions', subscription.toJSON());
    this.#browser.notes.setItem(OWNER, this.#account);
    this.#state.set('on');
  }

  async turnOff(): Promise<void> {
    const subscription = await this.#subscription();
    if (subscription) {
      const { endpoint } = subscription;
      await this.#api.send('DELETE', '/v1/me/push-subscriptions', { endpoint });
      await subscription.unsubscribe();
    }
    this.#browser.notes.removeItem(OWNER);
    this.#state.set('off');
  }

  /** Takes away the shown pushes that lead to a page: it is being read. */
  async close(link: string): Promise<void> {
    if (!this.#isOurs()) return;
    const worker = await this.#browser.registration();
    for (const shown of (await worker?.getNotifications()) ?? []) {
      const data = shown.data as { link?: unknown } | null;
      if (typeof data?.link === 'string' && pathOf(data.link) === link) shown.close();
    }
  }

  async #look(): Promise<PushState> {
    const worker = await this.#browser.registration();
    if (!worker) return 'unsupported';
    if (this.#browser.permission() === 'denied') return 'blocked';
    return (await this.#subscription()) ? 'on' : 'off';
  }

  async #subscription(): Promise<PushSubscription | null> {
    if (!this.#isOurs()) return null;
    const worker = await this.#browser.registration();
    return (await worker?.pushManager.getSubscription()) ?? null;
  }

  #isOurs(): boolean {
    return this.#browser.notes.getItem(OWNER) === this.#account;
  }
}

/** Links in pushes are absolute or not, as the server was told of its own address. */
function pathOf(link: string): string {
  return URL.canParse(link, 'http://here') ? new URL(link, 'http://here').pathname : link;
}
