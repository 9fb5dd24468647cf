/** Values that can be read at any time and watched for change. */

export interface Readable<T> {
  readonly value: T;
  /** Calls `listener` at each change; the answer ends that. */
  subscribe(listener: (value: T) => void): () => void;
}

export class Store<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(initial: T) {
    this.#value = initial;
  }

  get value(): T {
    return this.#value;
  }

  set(next: T): void {
    if (Object.is(next, this.#value)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener(next);
  }

  /** Replaces what is named, for values that are objects. */
  patch(changes: Partial<T>): void {
    this.set({ ...this.#value, ...changes });
  }

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
