/** Who we are: the account's token, renewed by whoever embeds us. */

import { type Readable, Store } from './observable.ts';

export type GetToken = () => Promise<string>;

/** Nobody can renew the token: the person has to sign in again. */
export class SignedOut extends Error {}

export class Tokens {
  readonly #signedOut = new Store(false);
  readonly #renew: GetToken;
  #token: string;
  #renewal: Promise<string> | null = null;

  constructor(token: string, renew: GetToken) {
    this.#token = token;
    this.#renew = renew;
  }

  get current(): string {
    return this.#token;
  }

  /** Whether only a new sign-in helps. */
  get signedOut(): Readable<boolean> {
    return this.#signedOut;
  }

  /** Fetches a fresh token; calls that come meanwhile share the answer. */
  renew(): Promise<string> {
    this.#renewal ??= this.#fetch();
    return this.#renewal;
  }

  /** Says that the server has turned this account away for good. */
  refuse(): void {
    this.#signedOut.set(true);
  }

  async #fetch(): Promise<string> {
    try {
      this.#token = await this.#renew();
      return this.#token;
    } catch (error) {
      if (error instanceof SignedOut) this.#signedOut.set(true);
      throw error;
    } finally {
      this.#renewal = null;
    }
  }
}

/** Reads the account out of a JWT. The server verifies it; we only need to know whose it is. */
export function accountOf(token: string): string {
  const { sub } = claimsOf(token);
  if (typeof sub !== 'string' || !sub) throw new SignedOut('the token names no account');
  return sub;
}

/** Says whether a JWT is one of those who look after the marketplace. */
export function isOperators(token: string): boolean {
  return claimsOf(token).role === 'operator';
}

interface Claims {
  readonly sub?: unknown;
  readonly role?: unknown;
}

function claimsOf(token: string): Claims {
  try {
    const claims = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(claims), (letter) => letter.charCodeAt(0));
    return (JSON.parse(new TextDecoder().decode(bytes)) as Claims | null) ?? {};
  } catch {
    return {};
  }
}
