/**
 * Whose app this is. A sign-in link (`/#token=...`) says so; the token leaves the address bar
 * before anything else happens. Which account a tab shows is the tab's own, so that two of them,
 * or two named frames of one page, can be two people.
 */

import { accountOf, SignedOut } from '../client/index.ts';
import type { Session, Sessions } from './sessions.ts';

/** What of the window we need. */
export interface Place {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>;
  readonly history: Pick<History, 'replaceState'>;
  /** Of this tab alone, but shared by the frames in it: those are told apart by name. */
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly name: string;
}

export class Identity {
  readonly #place: Place;
  readonly #sessions: Sessions;
  readonly #now: () => number;

  constructor(place: Place, sessions: Sessions, now: () => number = Date.now) {
    this.#place = place;
    this.#sessions = sessions;
    this.#now = now;
  }

  /** Returns who is signed in here; null if nobody is. */
  async find(): Promise<Session | null> {
    const token = this.#takeToken();
    const session = token === null ? await this.#remembered() : await this.#signIn(token);
    if (session) this.#place.sessionStorage.setItem(this.#key, session.account);
    return session;
  }

  /** Keeps a token that replaces an older one of the same account. */
  async renewed(token: string): Promise<void> {
    const session = this.#sessionOf(token);
    if (session) await this.#sessions.put(session).catch(notKept);
  }

  async leave(account: string): Promise<void> {
    this.#place.sessionStorage.removeItem(this.#key);
    await this.#sessions.remove(account).catch(notKept);
  }

  get #key(): string {
    return `orderwire.account:${this.#place.name}`;
  }

  #takeToken(): string | null {
    const { location, history } = this.#place;
    const given = new URLSearchParams(location.hash.slice(1)).get('token');
    if (given === null) return null;
    history.replaceState(null, '', location.pathname + location.search);
    return given;
  }

  async #signIn(token: string): Promise<Session | null> {
    const session = this.#sessionOf(token);
    if (session) await this.#sessions.put(session).catch(notKept);
    return session;
  }

  #sessionOf(token: string): Session | null {
    try {
      return { account: accountOf(token), token, at: this.#now() };
    } catch (error) {
      if (error instanceof SignedOut) return null;
      throw error;
    }
  }

  async #remembered(): Promise<Session | null> {
    const account = this.#place.sessionStorage.getItem(this.#key);
    try {
      const found = account ? this.#sessions.find(account) : this.#sessions.latest();
      return (await found) ?? null;
    } catch {
      return null;
    }
  }
}

/** Without a place to keep it (private windows, full disks) it holds until a reload. */
function notKept(): void {}
