/** One account's connection: opens it once, and hands each piece of news to the store it is for. */

import { Api, Problem, type Requests } from './api.ts';
import { Blocks } from './blocks.ts';
import { Contacts } from './contacts.ts';
import { Devices } from './devices.ts';
import { Drafts } from './drafts.ts';
import { Inbox } from './inbox.ts';
import { Me } from './me.ts';
import { Notifications } from './notifications.ts';
import { type Readable, Store } from './observable.ts';
import { OrderDetails } from './order-details.ts';
import { Orders } from './orders.ts';
import { Outbox } from './outbox.ts';
import { Preferences } from './preferences.ts';
import { Push } from './push.ts';
import { QuickReplies } from './quick-replies.ts';
import { IndexedDbRecall, type Recall, Remembering } from './recall.ts';
import { Search } from './search.ts';
import { IndexedDbShelf, type Shelf } from './shelf.ts';
import { CentrifugeSocket, type ConnectionState, type Socket } from './socket.ts';
import { Thread } from './thread.ts';
import { Together } from './together.ts';
import { accountOf, type GetToken, isOperators, SignedOut, Tokens } from './tokens.ts';
import type { Conversation, InboxPublication, Person } from './types.ts';

export interface ConnectOptions {
  /** The account's JWT. */
  readonly token: string;
  /** Fetches a fresh one when it has expired; throws `SignedOut` when there is none to be had. */
  readonly getToken?: GetToken;
  /** Where the server is; the page's own origin unless told. */
  readonly origin?: string;
  readonly shelf?: Shelf;
  /** Where answers are kept, to be shown when the server is out of reach. */
  readonly recall?: Recall;
}

const RELOAD_AFTER_MS = 2_000;
/** With no socket after this time, what the API knows is shown all the same. */
const PATIENCE_MS = 1_000;

export class Client {
  readonly account: string;
  /** Operators look after the marketplace: they have no inbox and no orders of their own. */
  readonly isOperator: boolean;
  readonly me: Me;
  readonly inbox: Inbox;
  readonly orders: Orders;
  readonly contacts: Contacts;
  readonly notifications: Notifications;
  readonly preferences: Preferences;
  readonly push: Push;
  readonly devices: Devices;
  readonly quickReplies: QuickReplies;
  readonly drafts: Drafts;
  readonly blocks: Blocks;
  readonly search: Search;
  readonly outbox: Outbox;
  readonly #api: Requests;
  readonly #recall: Recall;
  readonly #tokens: Tokens;
  readonly #socket: Socket;
  readonly #threads = new Map<string, Thread>();
  readonly #details = new Map<string, OrderDetails>();
  readonly #together = new Map<string, Together>();
  readonly #refused = new Store(false);
  #focus: string | null = null;

  constructor(options: ConnectOptions) {
    const origin = options.origin ?? globalThis.location.origin;
    this.account = accountOf(options.token);
    this.isOperator = isOperators(options.token);
    this.#tokens = new Tokens(options.token, options.getToken ?? nobodyRenews);
    this.#recall = options.recall ?? new IndexedDbRecall(this.account);
    this.#api = new Remembering(new Api(origin, this.#tokens), this.#recall);
    this.#socket = new CentrifugeSocket(origin, this.#tokens);
    this.me = new Me(this.#api);
    this.inbox = new Inbox(this.#api);
    this.orders = new Orders(this.account, this.#api);
    this.contacts = new Contacts(this.#api, this.orders);
    this.notifications = new Notifications(this.#api);
    this.preferences = new Preferences(this.#api);
    this.push = new Push(this.account, this.#api);
    this.devices = new Devices(this.#api);
    this.quickReplies = new QuickReplies(this.#api);
    this.drafts = new Drafts(this.#api, this.#socket);
    this.blocks = new Blocks(this.#api);
    this.search = new Search(this.#api);
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

  /** Whether only a new sign-in helps. */
  get signedOut(): Readable<boolean> {
    return this.#tokens.signedOut;
  }

  /** Whether the server keeps its lists from this account: asking again is no use. */
  get refused(): Readable<boolean> {
    return this.#refused;
  }

  thread(id: string): Thread {
    return remembered(this.#threads, id, () => {
      const { account, outbox } = this;
      const known = () => this.inbox.find(id);
      return new Thread(id, { account, outbox, known, api: this.#api, socket: this.#socket });
    });
  }

  order(id: string): OrderDetails {
    return remembered(this.#details, id, () => {
      const { account, orders, inbox } = this;
      return new OrderDetails(id, { account, orders, inbox, api: this.#api });
    });
  }

  /** What this account has had to do with somebody. */
  together(person: Person): Together {
    return remembered(
      this.#together,
      person.id,
      () => new Together(person, this.#api, this.orders),
    );
  }

  /** Returns the conversation with somebody outside of orders; opens it if need be, and may. */
  async conversationWith(person: string): Promise<string> {
    const { conversations } = this.inbox.state.value;
    const known = conversations.find((one) => one.kind === 'direct' && one.with.id === person);
    if (known) return known.id;
    const opened = await this.#api.send<Conversation>('POST', '/v1/conversations', {
      with: person,
    });
    return opened.id;
  }

  /** Says which thread the person is looking at: no push is sent for what is read anyway. */
  focus(conversation: string): void {
    this.#look(conversation);
  }

  /** Says that the person looks away from a thread, if it is the one that they looked at. */
  blur(conversation: string): void {
    if (this.#focus === conversation) this.#look(null);
  }

  /** Goes quiet until `resume`; what is written meanwhile waits in the outbox. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Forgets what was kept to be shown offline; what was written and not sent stays. */
  forget(): Promise<void> {
    return this.#recall.forget();
  }

  #start(): void {
    this.#socket.listenToInbox<InboxPublication>({
      subscribed: ({ recovered }) => {
        if (!recovered) void this.#reload();
      },
      published: (publication) => this.#published(publication),
    });
    this.#socket.state.subscribe((state) => {
      if (state === 'connected' && this.#focus !== null) this.#sayFocus();
    });
    void this.outbox.restore();
    this.#socket.resume();
    setTimeout(() => {
      if (this.me.state.value === null || !(this.isOperator || this.inbox.state.value.loaded))
        void this.#reload();
    }, PATIENCE_MS);
  }

  async #reload(): Promise<void> {
    const results = await Promise.allSettled([this.me.reload(), ...this.#reloadLists()]);
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.some(({ reason }) => isFinal(reason))) this.#refused.set(true);
    else if (failed.length > 0) setTimeout(() => void this.#reload(), RELOAD_AFTER_MS);
  }

  #reloadLists(): Promise<void>[] {
    if (this.isOperator) return [];
    return [
      this.inbox.reload(),
      this.orders.reload(),
      this.notifications.reload(),
      this.preferences.load(),
    ];
  }

  #published(news: InboxPublication): void {
    switch (news.type) {
      case 'conversation':
        this.inbox.put([news.conversation]);
        this.#threads.get(news.conversation.id)?.summarised(news.conversation);
        break;
      case 'order':
        this.orders.put([news.order]);
        // An order is what lets its seller write.
        for (const thread of this.#threads.values()) void thread.reconsider();
        break;
      case 'notification':
        this.notifications.put([news.notification]);
        break;
      case 'badge':
        this.me.badge(news);
        break;
      case 'draft':
        this.drafts.heard(news.draft);
        break;
    }
  }

  #look(conversation: string | null): void {
    if (this.#focus === conversation) return;
    this.#focus = conversation;
    this.#sayFocus();
  }

  #sayFocus(): void {
    this.#socket.send('focus', { conversation: this.#focus });
  }
}

export function connect(options: ConnectOptions): Client {
  return new Client(options);
}

function isFinal(error: unknown): boolean {
  if (error instanceof Problem) return error.status === 401 || error.status === 403;
  return error instanceof SignedOut;
}

function nobodyRenews(): Promise<string> {
  return Promise.reject(new SignedOut('no getToken was given'));
}

function remembered<T>(known: Map<string, T>, id: string, make: () => T): T {
  const found = known.get(id) ?? make();
  known.set(id, found);
  return found;
}
