/** Of whom one wants to hear nothing, and who is reported to the marketplace. */

import type { Requests } from './api.ts';
import type { Readable } from './observable.ts';
import { OwnList } from './own-list.ts';
import type { Block, Report } from './types.ts';

export class Blocks {
  readonly #api: Requests;
  readonly #list: OwnList<Block>;

  constructor(api: Requests) {
    this.#api = api;
    this.#list = new OwnList(api, '/v1/blocks');
  }

  /** The latest first; null until they are loaded. */
  get state(): Readable<readonly Block[] | null> {
    return this.#list.state;
  }

  open(): () => void {
    return this.#list.open();
  }

  has(account: string): boolean {
    return this.state.value?.some(({ person }) => person.id === account) ?? false;
  }

  async block(account: string): Promise<void> {
    const block = await this.#api.send<Block>('PUT', pathOf(account));
    this.#list.change((all) => [block, ...all.filter(isAnother(account))]);
  }

  async unblock(account: string): Promise<void> {
    await this.#api.send('DELETE', pathOf(account));
    this.#list.change((all) => all.filter(isAnother(account)));
  }

  /** Tells the marketplace's operators of somebody, or of one message. */
  async report(report: Report): Promise<void> {
    await this.#api.send('POST', '/v1/reports', report);
  }
}

function pathOf(account: string): string {
  return `/v1/blocks/${encodeURIComponent(account)}`;
}

function isAnother(account: string) {
  return ({ person }: Block) => person.id !== account;
}
