/** The demo server, as its page sees it. */

export interface Person {
  readonly account: string;
  readonly name: string;
  readonly role: 'seller' | 'buyer' | 'operator';
  /** Signs them in; a path with the token in its hash. */
  readonly link: string;
}

export interface DemoState {
  readonly people: readonly Person[];
  readonly relay_broken: boolean;
}

/** A push or a mail that the other side has taken. */
export interface Sent {
  readonly n: number;
  readonly kind: 'push' | 'email';
  readonly at: string;
  readonly account: string;
  readonly title: string;
  readonly body: string;
  readonly why: string;
}

export class House {
  state(): Promise<DemoState> {
    return call('GET', '/demo/state');
  }

  placeOrder(): Promise<{ readonly id: string; readonly number: string }> {
    return call('POST', '/demo/orders');
  }

  breakRelay(broken: boolean): Promise<void> {
    return call('POST', '/demo/relay', { broken });
  }

  /** What left after the `n`-th thing that did, oldest first. */
  async sentAfter(n: number): Promise<readonly Sent[]> {
    return (await call<{ items: readonly Sent[] }>('GET', `/demo/outbox?after=${n}`)).items;
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const content =
    body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(path, { method, ...content });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
