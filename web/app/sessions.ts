/** Who is signed in in this browser: one token an account, kept through reloads. */

export interface Session {
  readonly account: string;
  readonly token: string;
  /** When it began, as time goes in this browser. */
  readonly at: number;
}

export interface Sessions {
  latest(): Promise<Session | undefined>;
  put(session: Session): Promise<void>;
  remove(account: string): Promise<void>;
}

const STORE = 'sessions';

export class IndexedDbSessions implements Sessions {
  readonly #database: Promise<IDBDatabase>;

  constructor(name = 'orderwire-sessions') {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(STORE, { keyPath: 'account' });
    };
    this.#database = settled(opening);
    // Whoever needs it is told; nobody else has to be.
    this.#database.catch(() => {});
  }

  async latest(): Promise<Session | undefined> {
    const all = (await settled((await this.#store('readonly')).getAll())) as Session[];
    return all.sort((a, b) => b.at - a.at)[0];
  }

  async put(session: Session): Promise<void> {
    await settled((await this.#store('readwrite')).put(session));
  }

  async remove(account: string): Promise<void> {
    await settled((await this.#store('readwrite')).delete(account));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
