/** The socket in the tests' hands. */

import { Store } from '../../client/index.ts';
import type { ConnectionState, Listener, Socket, Subscribed } from '../../client/socket.ts';
import { turns } from './api.ts';

interface Call {
  readonly method: string;
  readonly data: Record<string, unknown>;
  answer(value: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** As the SDK rejects a call. */
export function refusal(code: number, message = 'refused', temporary = false) {
  return { code, message, temporary };
}

export class FakeSocket implements Socket {
  readonly #state: Store<ConnectionState>;
  readonly #listeners = new Map<string, Listener<unknown, unknown>>();
  readonly #calls: Call[] = [];
  /** Each rpc that was ever made. */
  readonly called: string[] = [];
  /** What was sent without asking for an answer. */
  readonly said: [method: string, data: unknown][] = [];

  constructor(state: ConnectionState = 'connected') {
    this.#state = new Store<ConnectionState>(state);
  }

  get state(): Store<ConnectionState> {
    return this.#state;
  }

  get channels(): string[] {
    return [...this.#listeners.keys()];
  }

  rpc<T>(method: string, data: object): Promise<T> {
    this.called.push(method);
    return new Promise<T>((resolve, reject) => {
      this.#calls.push({
        method,
        data: data as Record<string, unknown>,
        answer: async (value) => {
          resolve(value as T);
          await turns();
        },
        fail: async (error) => {
          reject(error);
          await turns();
        },
      });
    });
  }

  send(method: string, data: object): void {
    this.said.push([method, data]);
  }

  listen<S, P>(channel: string, listener: Listener<S, P>): () => void {
    this.#listeners.set(channel, listener as Listener<unknown, unknown>);
    return () => this.#listeners.delete(channel);
  }

  listenToInbox(): void {}

  pause(): void {
    this.#state.set('paused');
  }

  resume(): void {
    this.#state.set('connected');
  }

  /** Takes the oldest call that has no answer yet. */
  call(): Call {
    const call = this.#calls.shift();
    if (!call) throw new Error('nothing was called');
    return call;
  }

  get waiting(): number {
    return this.#calls.length;
  }

  on(channel: string): Listener<unknown, unknown> {
    const listener = this.#listeners.get(channel);
    if (!listener) throw new Error(`nobody listens on ${channel}`);
    return listener;
  }

  subscribed(channel: string, news: Subscribed<unknown>): void {
    this.on(channel).subscribed(news);
  }

  publish(channel: string, ...publications: readonly unknown[]): void {
    for (const publication of publications) this.on(channel).published(publication);
  }
}
