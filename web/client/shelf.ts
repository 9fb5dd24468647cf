/** Where unsent messages wait: through a reload, and through being offline. */

/** A message on its way: `sending` until the server has it for good, or refuses it. */
export interface Unsent {
  readonly client_id: string;
  readonly account: string;
  readonly conversation: string;
  readonly body: string;
  readonly reply_to: number | null;
  readonly at: string;
  readonly state: 'sending' | 'failed';
  /** The server's words, when it refused. */
  readonly reason: string | null;
}

export interface Shelf {
  /** All that waits for an account, oldest first. */
  load(account: string): Promise<readonly Unsent[]>;
  put(unsent: Unsent): Promise<void>;
  remove(clientId: string): Promise<void>;
}

export class MemoryShelf implements Shelf {
  readonly #unsent = new Map<string, Unsent>();

  async load(account: string): Promise<readonly Unsent[]> {
    return oldestFirst([...this.#unsent.values()].filter((unsent) => unsent.account === account));
  }

  async put(unsent: Unsent): Promise<void> {
    this.#unsent.set(unsent.client_id, unsent);
  }

  async remove(clientId: string): Promise<void> {
    this.#unsent.delete(clientId);
  }
}

const STORE = 'outbox';

export class IndexedDbShelf implements Shelf {
  readonly #database: Promise<IDBDatabase>;

  constructor(name = 'orderwire') {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      const store = opening.result.createObjectStore(STORE, { keyPath: 'client_id' });
      store.createIndex('account', 'account');
    };
    this.#database = settled(opening);
    // Whoever needs it is told; nobody else has to be.
    this.#database.catch(() => {});
  }

  async load(account: string): Promise<readonly Unsent[]> {
    const index = (await this.#store('readonly')).index('account');
    return oldestFirst((await settled(index.getAll(account))) as Unsent[]);
  }

  async put(unsent: Unsent): Promise<void> {
    await settled((await this.#store('readwrite')).put(unsent));
  }

  async remove(clientId: string): Promise<void> {
    await settled((await this.#store('readwrite')).delete(clientId));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }
}

function oldestFirst(unsent: Unsent[]): Unsent[] {
  return unsent.sort((a, b) => (a.at < b.at ? -1 : 1));
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
