/** The browsers that show pushes of this account. */

import type { Requests } from './api.ts';
import type { Readable } from './observable.ts';
import { OwnList } from './own-list.ts';
import type { Device } from './types.ts';

export const DEVICES = '/v1/me/push-subscriptions';

export class Devices {
  readonly #api: Requests;
  readonly #list: OwnList<Device>;

  constructor(api: Requests) {
    this.#api = api;
    this.#list = new OwnList(api, DEVICES);
  }

  /** Null until they are loaded. */
  get state(): Readable<readonly Device[] | null> {
    return this.#list.state;
  }

  open(): () => void {
    return this.#list.open();
  }

  /** Asks anew, when this browser has come or gone. */
  async reload(): Promise<void> {
    if (this.state.value !== null) await this.#list.reload();
  }

  async drop(id: string): Promise<void> {
    await this.#api.send('DELETE', `${DEVICES}/${encodeURIComponent(id)}`);
    this.#list.change((all) => all.filter((one) => one.id !== id));
  }
}

const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
  ['Firefox', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;

const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Macintosh', 'Mac'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;

/** `Firefox · Linux`: how a person knows which one it is. */
export function deviceName(userAgent: string): string {
  const named = (table: typeof BROWSERS | typeof SYSTEMS) =>
    table.find(([sign]) => userAgent.includes(sign))?.[1];
  return [named(BROWSERS), named(SYSTEMS)].filter(Boolean).join(' · ') || userAgent;
}
