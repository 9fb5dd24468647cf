/** This browser as a place to push to: on, off, test; and the pushes that it shows. */

import type { Requests } from './api.ts';
import { DEVICES, deviceName } from './devices.ts';
import { type Readable, Store } from './observable.ts';
import type { Device } from './types.ts';

/** `blocked`: the person told the browser never to show any; only the browser can undo that. */
export type PushState = 'unknown' | 'unsupported' | 'blocked' | 'off' | 'on';

/** What of the browser we need. */
export interface Browser {
  /** Null where there are no pushes at all. */
  registration(): Promise<ServiceWorkerRegistration> | null;
  permission(): NotificationPermission;
  askPermission(): Promise<NotificationPermission>;
  readonly userAgent: string;
  readonly notes: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export const THIS_BROWSER: Browser = {
  registration: () =>
    'serviceWorker' in navigator && 'PushManager' in globalThis
      ? navigator.serviceWorker.ready
      : null,
  permission: () => Notification.permission,
  askPermission: () => Notification.requestPermission(),
  get userAgent() {
    return navigator.userAgent;
  },
  get notes() {
    return localStorage;
  },
};

/** One browser may serve several accounts, but pushes go to one: whose they are. */
const OWNER = 'orderwire.push.account';
/** How the server calls this browser. */
const DEVICE = 'orderwire.push.device';

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

  /** Which of the account's devices this browser is; null while it is none. */
  get device(): string | null {
    return this.#isOurs() ? this.#browser.notes.getItem(DEVICE) : null;
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
    const before = await worker.pushManager.getSubscription();
    // Somebody else's, or made for another key: its pushes end with it.
    if (before && !(this.#isOurs() && isMadeFor(before, public_key))) await before.unsubscribe();
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: public_key,
    });
    const { id } = await this.#api.send<Pick<Device, 'id'>>('POST', DEVICES, {
      ...subscription.toJSON(),
      key: public_key,
      label: deviceName(this.#browser.userAgent),
    });
    this.#browser.notes.setItem(OWNER, this.#account);
    this.#browser.notes.setItem(DEVICE, id);
    this.#state.set('on');
  }

  async turnOff(): Promise<void> {
    const subscription = await this.#subscription();
    if (subscription) {
      const { endpoint } = subscription;
      await this.#api.send('DELETE', DEVICES, { endpoint });
      await subscription.unsubscribe();
    }
    this.#browser.notes.removeItem(OWNER);
    this.#browser.notes.removeItem(DEVICE);
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

/** Browsers refuse to subscribe anew with another key while there is a subscription. */
function isMadeFor(subscription: PushSubscription, key: string): boolean {
  const made = subscription.options.applicationServerKey;
  if (!made) return true;
  const text = btoa(String.fromCharCode(...new Uint8Array(made)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === key;
}

/** Links in pushes are absolute or not, as the server was told of its own address. */
function pathOf(link: string): string {
  return URL.canParse(link, 'http://here') ? new URL(link, 'http://here').pathname : link;
}
