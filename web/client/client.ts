/** One account's connection: opens it once, and hands each piece of news to the store it is for. */

import { Api } from './api.ts';
import { Inbox } from './inbox.ts';
import type { Readable } from './observable.ts';
import { OrderDetails, Orders } from './orders.ts';
import { Outbox } from './outbox.ts';
import { Preferences } from './preferences.ts';
import { Push } from './push.ts';
import { IndexedDbShelf, type Shelf } from './shelf.ts';
import { CentrifugeSocket, type ConnectionState, type Socket } from './socket.ts';
import { Thread } from './thread.ts';
import { accountOf, type GetToken, SignedOut, Tokens } from './tokens.ts';
import type { InboxPublication } from './types.ts';

export interface ConnectOptions {
  /** The account's JWT. */
  readonly token: string;
  /** Fetches a fresh one when it has expired; throws `SignedOut` when there is none to be had. */
  readonly getToken?: GetToken;
  /** Where the server is; the page's own origin unless told. */
  readonly origin?: string;
  readonly shelf?: Shelf;
}

export class Client {
  readonly account: string;
  readonly inbox: Inbox;
  readonly orders: Orders;
  readonly preferences: Preferences;
  readonly push: Push;
  readonly outbox: Outbox;
  readonly #api: Api;
  readonly #socket: Socket;
  readonly #threads = new Map<string, Thread>();
  readonly #details = new Map<string, OrderDetails>();
  #focus: string | null = null;

  constructor(options: ConnectOptions) {
    const origin = options.origin ?? globalThis.location.origin;
    const tokens = new Tokens(options.token, options.getToken ?? nobodyRenews);
    this.account = accountOf(options.token);
    this.#api = new Api(origin, tokens);
    this.#socket = new CentrifugeSocket(origin, tokens);
    this.inbox = new Inbox(this.#api);
    this.orders = new Orders(this.account, this.#api);
    this.preferences = new Preferences(this.#api);
    this.push = new Push(this.account, this.#api);
    this.outbox = new Outbox(
      this.account,
      this.#socket,
      options.shelf ?? new IndexedDbShelf(),
      (conversation, message) => this.#threads.get(conversation)?.sent(message),
    );
    this.#start();
  }

  get state(): Readable<ConnectionState> {
    return this.#socket.state;
  }

  thread(id: string): Thread {
    return remembered(this.#threads, id, () => {
      const parts = {
        account: this.account,
        api: this.#api,
        socket: this.#socket,
        outbox: this.outbox,
      };
      return new Thread(id, parts);
    });
  }

  order(id: string): OrderDetails {
    return remembered(this.#details, id, () => new OrderDetails(id, this.#api, this.orders));
  }

  /** Says which thread the person is looking at: no push is sent for what is read anyway. */
  focus(conversation: string | null): void {
    if (this.#focus === conversation) return;
    this.#focus = conversation;
    this.#sayFocus();
  }

  /** Goes quiet until `resume`; what is written meanwhile waits in the outbox. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #start(): void {
    this.#socket.listenToInbox<InboxPublication>({
      subscribed: ({ recovered }) => {
        if (!recovered) void this.#reload();
      },
      published: (publication) => this.#published(publication),
      refused: () => {},
    });
    this.#socket.state.subscribe((state) => {
      if (state === 'connected' && this.#focus !== null) this.#sayFocus();
    });
    void this.outbox.restore();
    this.#socket.resume();
  }

  async #reload(): Promise<void> {
    await Promise.all([this.inbox.reload(), this.orders.reload()]).catch(() => {
      setTimeout(() => void this.#reload(), RELOAD_AFTER_MS);
    });
  }

  #published(news: InboxPublication): void {
    switch (news.type) {
      case 'conversation':
        this.inbox.put([news.conversation]);
        this.#threads.get(news.conversation.id)?.summarised(news.conversation);
        return;
      case 'order':
        this.orders.put([news.order]);
        return;
      case 'badge':
        this.inbox.badge(news);
        return;
      case 'notification':
        return; // Nothing shows them yet.
    }
  }

  #sayFocus(): void {
    this.#socket.send('focus', { conversation: this.#focus });
  }
}

const RELOAD_AFTER_MS = 2_000;

export function connect(options: ConnectOptions): Client {
  return new Client(options);
}

function nobodyRenews(): Promise<string> {
  return Promise.reject(new SignedOut('no getToken was given'));
}

function remembered<T>(known: Map<string, T>, id: string, make: () => T): T {
  const found = known.get(id) ?? make();
  known.set(id, found);
  return found;
}
