/** This browser as a place to push to: on, off, test. */

import type { Requests } from './api.ts';
import { type Readable, Store } from './observable.ts';

/** `blocked`: the person told the browser never to show any; only the browser can undo that. */
export type PushState = 'unknown' | 'unsupported' | 'blocked' | 'off' | 'on';

const REGISTERED = 'orderwire.push.account';

export class Push {
  readonly #account: string;
  readonly #api: Requests;
  readonly #state = new Store<PushState>('unknown');

  constructor(account: string, api: Requests) {
    this.#account = account;
    this.#api = api;
  }

  get state(): Readable<PushState> {
    return this.#state;
  }

  /** Looks at what the browser says; the service worker must be registered or on its way. */
  async refresh(): Promise<void> {
    this.#state.set(await this.#look());
  }

  /** Asks for permission: call it from a click. */
  async turnOn(): Promise<void> {
    if ((await Notification.requestPermission()) !== 'granted') return this.refresh();
    const worker = await navigator.serviceWorker.ready;
    const { public_key } = await this.#api.get<{ public_key: string }>('/v1/push/public-key');
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: public_key,
    });
    await this.#api.send('POST', '/v1/me/push-subscriptions', subscription.toJSON());
    localStorage.setItem(REGISTERED, this.#account);
    this.#state.set('on');
  }

  async turnOff(): Promise<void> {
    const subscription = await this.#subscription();
    if (subscription) {
      const { endpoint } = subscription;
      await this.#api.send('DELETE', '/v1/me/push-subscriptions', { endpoint });
      await subscription.unsubscribe();
    }
    localStorage.removeItem(REGISTERED);
    this.#state.set('off');
  }

  async test(): Promise<void> {
    const endpoint = (await this.#subscription())?.endpoint;
    await this.#api.send('POST', '/v1/me/push-subscriptions/test', { endpoint });
  }

  async #look(): Promise<PushState> {
    if (!('serviceWorker' in navigator) || !('PushManager' in globalThis)) return 'unsupported';
    if (Notification.permission === 'denied') return 'blocked';
    // One browser profile may serve several accounts, but pushes go to one.
    const ours = localStorage.getItem(REGISTERED) === this.#account;
    return ours && (await this.#subscription()) ? 'on' : 'off';
  }

  async #subscription(): Promise<PushSubscription | null> {
    const worker = await navigator.serviceWorker.ready;
    return worker.pushManager.getSubscription();
  }
}
