/** Texts that one sends often, with `{name}` and `{order}` in them. */

import type { Requests } from './api.ts';
import type { Readable } from './observable.ts';
import { OwnList } from './own-list.ts';
import type { QuickReply } from './types.ts';

export type QuickReplyText = Pick<QuickReply, 'title' | 'body'>;

const PATH = '/v1/quick-replies';

export class QuickReplies {
  readonly #api: Requests;
  readonly #list: OwnList<QuickReply>;

  constructor(api: Requests) {
    this.#api = api;
    this.#list = new OwnList(api, PATH);
  }

  /** Null until they are loaded. */
  get state(): Readable<readonly QuickReply[] | null> {
    return this.#list.state;
  }

  open(): () => void {
    return this.#list.open();
  }

  async add(text: QuickReplyText): Promise<void> {
    const added = await this.#api.send<QuickReply>('POST', PATH, text);
    this.#list.change((all) => [...all, added]);
  }

  async change(id: string, text: QuickReplyText): Promise<void> {
    const changed = await this.#api.send<QuickReply>('PATCH', pathOf(id), text);
    this.#list.change((all) => all.map((one) => (one.id === id ? changed : one)));
  }

  async drop(id: string): Promise<void> {
    await this.#api.send('DELETE', pathOf(id));
    this.#list.change((all) => all.filter((one) => one.id !== id));
  }
}

/** Those whose title has a word that begins with `sought`, or is it. */
export function matching(replies: readonly QuickReply[], sought: string): readonly QuickReply[] {
  const wanted = sought.trim().toLocaleLowerCase();
  return replies.filter(({ title }) => {
    const lower = title.toLocaleLowerCase();
    return lower.startsWith(wanted) || lower.includes(` ${wanted}`);
  });
}

/** Fills in what stands in braces; what is unknown stays, so that nobody sends it unseen. */
export function filledIn(body: string, values: Readonly<Record<string, string>>): string {
  return body.replace(/\{(\w+)\}/g, (braces, name: string) => values[name] || braces);
}

function pathOf(id: string): string {
  return `${PATH}/${encodeURIComponent(id)}`;
}
