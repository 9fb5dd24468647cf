/** What the server answered last, for when it is out of reach: it shows what was last seen. */

import { Problem, type Requests } from './api.ts';

export interface Recall {
  keep(path: string, answer: unknown): Promise<void>;
  /** Undefined for what was never answered. */
  find(path: string): Promise<unknown>;
  /** Forgets all of it: whoever uses this browser next is not to see it. */
  forget(): Promise<void>;
}

/** An API that answers from memory when it cannot be reached. */
export class Remembering implements Requests {
  readonly #api: Requests;
  readonly #recall: Recall;

  constructor(api: Requests, recall: Recall) {
    this.#api = api;
    this.#recall = recall;
  }

  async get<T>(path: string): Promise<T> {
    try {
      const answer = await this.#api.get<T>(path);
      if (isKept(path)) void this.#recall.keep(path, answer).catch(noPlaceForIt);
      return answer;
    } catch (error) {
      const found = isOutOfReach(error) && (await this.#recall.find(path).catch(noPlaceForIt));
      if (!found) throw error;
      return found as T;
    }
  }

  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    return this.#api.send<T>(method, path, body);
  }
}

/** Beginnings are kept, and single things: what one sees first. */
function isKept(path: string): boolean {
  return !/[?&](cursor|before|after|around)=|^\/v1\/search/.test(path);
}

const AWAY: ReadonlySet<number> = new Set([502, 503, 504]);

function isOutOfReach(error: unknown): boolean {
  // As `fetch` says that nobody answered.
  return error instanceof TypeError || (error instanceof Problem && AWAY.has(error.status));
}

/** Without a place to keep it (private windows, full disks) there is nothing to show offline. */
function noPlaceForIt(): void {}

interface Kept {
  readonly account: string;
  readonly path: string;
  readonly at: number;
  readonly answer: unknown;
}

const STORE = 'answers';
const BY_AGE = 'age';
/** More than this, and the oldest go. */
const MOST = 400;
const LOOKED_AT_EVERY = 50;

export class IndexedDbRecall implements Recall {
  readonly #account: string;
  readonly #now: () => number;
  #database: Promise<IDBDatabase> | null = null;
  #kept = 0;

  constructor(account: string, now: () => number = Date.now) {
    this.#account = account;
    this.#now = now;
  }

  async keep(path: string, answer: unknown): Promise<void> {
    const kept: Kept = { account: this.#account, path, at: this.#now(), answer };
    await settled((await this.#store('readwrite')).put(kept));
    this.#kept += 1;
    if (this.#kept % LOOKED_AT_EVERY === 0) await this.#dropOldest();
  }

  async find(path: string): Promise<unknown> {
    const store = await this.#store('readonly');
    const found = (await settled(store.get([this.#account, path]))) as Kept | undefined;
    return found?.answer;
  }

  async forget(): Promise<void> {
    await this.#drop(() => true);
  }

  async #dropOldest(): Promise<void> {
    const index = (await this.#store('readonly')).index(BY_AGE);
    const surplus = (await settled(index.count(this.#all))) - MOST;
    if (surplus > 0) await this.#drop((at) => at < surplus);
  }

  /** Drops those that `isOver` says, by their number from the oldest on. */
  async #drop(isOver: (at: number) => boolean): Promise<void> {
    const store = await this.#store('readwrite');
    const oldestFirst = await settled(store.index(BY_AGE).getAllKeys(this.#all));
    await Promise.all(
      oldestFirst.filter((_, at) => isOver(at)).map((key) => settled(store.delete(key))),
    );
  }

  get #all(): IDBKeyRange {
    return IDBKeyRange.bound([this.#account, 0], [this.#account, Number.POSITIVE_INFINITY]);
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.#database ??= opened();
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }
}

function opened(): Promise<IDBDatabase> {
  const opening = indexedDB.open('orderwire-seen', 1);
  opening.onupgradeneeded = () => {
    const store = opening.result.createObjectStore(STORE, { keyPath: ['account', 'path'] });
    store.createIndex(BY_AGE, ['account', 'at']);
  };
  return settled(opening);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
