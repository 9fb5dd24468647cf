/** Who we are: the account's token, renewed by whoever embeds us. */

export type GetToken = () => Promise<string>;

/** Nobody can renew the token: the person has to sign in again. */
export class SignedOut extends Error {}

export class Tokens {
  #token: string;
  readonly #renew: GetToken;
  #renewal: Promise<string> | null = null;

  constructor(token: string, renew: GetToken) {
    this.#token = token;
    this.#renew = renew;
  }

  get current(): string {
    return this.#token;
  }

  /** Fetches a fresh token; calls that come meanwhile share the answer. */
  renew(): Promise<string> {
    this.#renewal ??= this.#fetch();
    return this.#renewal;
  }

  async #fetch(): Promise<string> {
    try {
      this.#token = await this.#renew();
      return this.#token;
    } finally {
      this.#renewal = null;
    }
  }
}

/** Reads the account out of a JWT. The server verifies it; we only need to know whose it is. */
export function accountOf(token: string): string {
  const claims = token.split('.')[1];
  if (!claims) throw new SignedOut('the token is no JWT');
  const bytes = Uint8Array.from(atob(claims.replaceAll('-', '+').replaceAll('_', '/')), (c) =>
    c.charCodeAt(0),
  );
  const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
  if (typeof sub !== 'string') throw new SignedOut('the token names no account');
  return sub;
}
