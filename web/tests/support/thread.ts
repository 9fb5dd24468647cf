/** A thread between an API and a socket that a test holds. */

import { Thread } from '../../client/thread.ts';
import type { Conversation, Entry, ThreadSnapshot } from '../../client/types.ts';
import { FakeApi } from './api.ts';
import { FakeSocket } from './socket.ts';
import { aSnapshot } from './things.ts';

export const CHANNEL = 'thread:t1';

export class ThreadStage {
  readonly api = new FakeApi();
  readonly socket = new FakeSocket();
  readonly dropped: string[] = [];
  /** What the inbox says of the conversation. */
  known: Conversation | undefined;
  readonly written: string[] = [];
  readonly thread = new Thread('t1', {
    account: 'alice',
    api: this.api,
    socket: this.socket,
    known: () => this.known,
    outbox: {
      add: ({ body }) => this.written.push(body),
      drop: (clientId) => this.dropped.push(clientId),
    },
  });

  /** Lets go of what `showing` opened. */
  close: () => void = () => undefined;

  subscribed(offset: number, recovered: boolean, snapshot: Partial<ThreadSnapshot> = {}): void {
    this.socket.subscribed(CHANNEL, { offset, recovered, snapshot: aSnapshot(snapshot) });
  }

  publish(...publications: readonly unknown[]): void {
    this.socket.publish(CHANNEL, ...publications);
  }

  async page(items: readonly Entry[], has_before = false): Promise<void> {
    await this.api.asked('/messages').answer({ items, has_before, has_after: false });
  }

  /** Opened, and showing these entries. */
  async showing(entries: readonly Entry[], has_before = false): Promise<void> {
    this.close = this.thread.open();
    this.subscribed(entries.at(-1)?.seq ?? 0, false);
    await this.page(entries, has_before);
  }

  get seqs(): number[] {
    return this.thread.state.value.entries.map(({ seq }) => seq);
  }

  get state() {
    return this.thread.state.value;
  }
}
