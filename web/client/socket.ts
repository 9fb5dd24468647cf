/** The socket as the stores see it, and the SDK behind it. */

import { Centrifuge, type Subscription, UnauthorizedError } from 'centrifuge';
import { type Readable, Store } from './observable.ts';
import { toJson } from './text.ts';
import { SignedOut, type Tokens } from './tokens.ts';

/** `paused` by us, `refused` for good: only a new sign-in helps. */
export type ConnectionState = 'connecting' | 'connected' | 'paused' | 'refused';

export interface Subscribed<Snapshot> {
  /** Whether what was missed follows as publications. If not, what is known may have gaps. */
  readonly recovered: boolean;
  /** The position in the channel after which the publications that follow come. */
  readonly offset: number;
  readonly snapshot: Snapshot;
}

export interface Listener<Snapshot, Publication> {
  subscribed(news: Subscribed<Snapshot>): void;
  published(publication: Publication): void;
  /** The channel is not ours to read, or no more. */
  refused(): void;
}

export interface Socket {
  readonly state: Readable<ConnectionState>;
  rpc<T>(method: string, data: object): Promise<T>;
  /** For what needs no answer; dropped while there is no connection. */
  send(method: string, data: object): void;
  /** Listens on a channel until the answer is called. */
  listen<S, P>(channel: string, listener: Listener<S, P>): () => void;
  /** Listens on the own inbox, which comes with the connection. */
  listenToInbox<P>(listener: Omit<Listener<null, P>, 'refused'>): void;
  pause(): void;
  resume(): void;
}

const DISCONNECT_CALLED = 0;
/** The SDK's own: nobody can renew the token. */
const UNAUTHORIZED = 1;
const INVALID_TOKEN = 3500;
/** After these it is no use to come back: no token, an erased account, no permission. */
const SIGNED_OUT: ReadonlySet<number> = new Set([UNAUTHORIZED, INVALID_TOKEN, 3503, 3507]);

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** A connection that lasts so long was not turned away for what was said at its beginning. */
const LASTS_MS = 60_000;

export class CentrifugeSocket implements Socket {
  readonly #state = new Store<ConnectionState>('connecting');
  readonly #tokens: Tokens;
  readonly #sdk: Centrifuge;
  /** Whether the token that was refused is one that we had fetched for that reason. */
  #replacedToken = false;
  /** The last final farewell that is no sign-out: what was being said is not to be said again. */
  #turnedAway: SocketError | null = null;
  #pause = FIRST_PAUSE_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `websocket` is the browser's own unless told. */
  constructor(origin: string, tokens: Tokens, websocket?: typeof WebSocket) {
    this.#tokens = tokens;
    this.#sdk = new Centrifuge(`${origin.replace(/^http/, 'ws')}/connection/websocket`, {
      token: tokens.current,
      getToken: () => tokens.renew().catch(asUnauthorized),
      data: { inbox: true },
      name: 'orderwire-web',
      websocket: websocket ?? null,
    });
    this.#sdk.on(
      'connecting',
      guarded(() => this.#connecting()),
    );
    this.#sdk.on(
      'connected',
      guarded(() => this.#connected()),
    );
    this.#sdk.on(
      'disconnected',
      guarded(({ code, reason }) => this.#disconnected(code, reason)),
    );
  }

  get state(): Readable<ConnectionState> {
    return this.#state;
  }

  async rpc<T>(method: string, data: object): Promise<T> {
    const before = this.#turnedAway;
    try {
      const answer = await this.#sdk.rpc(method, JSON.parse(toJson(data)));
      return answer.data as T;
    } catch (error) {
      throw this.#turnedAway === before ? error : this.#turnedAway;
    }
  }

  send(method: string, data: object): void {
    if (this.#state.value !== 'connected') return;
    this.#sdk.send({ method, data }).catch(nobodyWaits);
  }

  listen<S, P>(channel: string, listener: Listener<S, P>): () => void {
    const subscription = this.#sdk.newSubscription(channel);
    subscription.on(
      'subscribed',
      guarded(({ recovered, streamPosition, data }) =>
        listener.subscribed({
          recovered,
          offset: streamPosition?.offset ?? 0,
          snapshot: data as S,
        }),
      ),
    );
    subscription.on(
      'publication',
      guarded(({ data }) => listener.published(data as P)),
    );
    subscription.on(
      'unsubscribed',
      guarded(({ code }) => {
        if (code !== DISCONNECT_CALLED) listener.refused();
      }),
    );
    subscription.subscribe();
    return () => this.#leave(subscription);
  }

  listenToInbox<P>(listener: Omit<Listener<null, P>, 'refused'>): void {
    this.#sdk.on(
      'subscribed',
      guarded(({ recovered, streamPosition }) =>
        listener.subscribed({ recovered, offset: streamPosition?.offset ?? 0, snapshot: null }),
      ),
    );
    this.#sdk.on(
      'publication',
      guarded(({ data }) => listener.published(data as P)),
    );
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#sdk.disconnect();
    // Between two attempts the SDK has nothing to end, and says nothing.
    if (this.#state.value === 'connecting') this.#state.set('paused');
  }

  resume(): void {
    clearTimeout(this.#timer);
    this.#sdk.connect();
  }

  #connecting(): void {
    clearTimeout(this.#timer);
    this.#state.set('connecting');
  }

  #connected(): void {
    this.#replacedToken = false;
    this.#timer = setTimeout(() => {
      this.#pause = FIRST_PAUSE_MS;
    }, LASTS_MS);
    this.#state.set('connected');
  }

  #disconnected(code: number, reason: string): void {
    if (code === DISCONNECT_CALLED) {
      this.#state.set('paused');
    } else if (code === INVALID_TOKEN && !this.#replacedToken) {
      this.#replaceToken();
    } else if (SIGNED_OUT.has(code)) {
      this.#state.set('refused');
      this.#tokens.refuse();
    } else {
      this.#comeBack(code, reason);
    }
  }

  /** The SDK would stay away for good. Each time in a row it takes longer. */
  #comeBack(code: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#turnedAway = { code: Math.max(code, INVALID), message: reason };
    this.#state.set('connecting');
    this.#timer = setTimeout(() => this.#sdk.connect(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  /** A server that was set up anew knows nothing of a token that is still valid by its dates. */
  #replaceToken(): void {
    this.#replacedToken = true;
    this.#sdk.setToken('');
    // Not from within the SDK's own farewell.
    queueMicrotask(() => this.#sdk.connect());
  }

  #leave(subscription: Subscription): void {
    subscription.removeAllListeners();
    this.#sdk.removeSubscription(subscription);
  }
}

/** What a handler throws would stop the SDK for good: it is reported, and life goes on. */
function guarded<T>(handle: (news: T) => void): (news: T) => void {
  return (news) => {
    try {
      handle(news);
    } catch (error) {
      reportError(error);
    }
  };
}

/** Tells the SDK to stop asking; anything else it tries again. */
function asUnauthorized(error: unknown): never {
  throw error instanceof SignedOut ? new UnauthorizedError(error.message) : error;
}

function nobodyWaits(): void {}

interface SocketError {
  readonly code: number;
  readonly message: string;
  readonly temporary?: boolean;
}

function isSocketError(error: unknown): error is SocketError {
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error;
}

const AGAIN_LATER: ReadonlySet<number> = new Set([100, 111, 429]);
/** From here on stand the refusals that are final. */
const INVALID = 400;
/** Below it stand the SDK's own codes: timed out, connection lost. */
const FIRST_SERVER_CODE = 100;

/** Says whether the same call may well succeed a little later. */
export function isTemporary(error: unknown): boolean {
  if (!isSocketError(error)) return true;
  return error.temporary === true || error.code < FIRST_SERVER_CODE || AGAIN_LATER.has(error.code);
}

export function reasonOf(error: unknown): string {
  return isSocketError(error) ? error.message : String(error);
}
