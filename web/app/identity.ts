/**
 * Whose app this is. A sign-in link (`/#token=...`) says so; the token leaves the address bar
 * before anything else happens. A tab keeps to its account, so that two of them, or two named
 * frames of one page, can be two people; a new one shows who signed in last.
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
    if (token !== null) return this.#begin(token);
    const session = this.#ofThisTab() ?? (await this.#sessions.latest().catch(nobody)) ?? null;
    if (session) this.#keepInTab(session);
    return session;
  }

  /** Keeps a token that replaces an older one of the same account. */
  renewed(token: string): void {
    this.#begin(token);
  }

  async leave(account: string): Promise<void> {
    this.#place.sessionStorage.removeItem(this.#key);
    await this.#sessions.remove(account).catch(notKept);
  }

  get #key(): string {
    return `orderwire.session:${this.#place.name}`;
  }

  #takeToken(): string | null {
    const { location, history } = this.#place;
    const given = new URLSearchParams(location.hash.slice(1)).get('token');
    if (given === null) return null;
    history.replaceState(null, '', location.pathname + location.search);
    return given;
  }

  #begin(token: string): Session | null {
    const session = this.#sessionOf(token);
    if (!session) return null;
    this.#keepInTab(session);
    // For tabs to come: this one need not wait for it.
    this.#sessions.put(session).catch(notKept);
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

  #keepInTab(session: Session): void {
    this.#place.sessionStorage.setItem(this.#key, JSON.stringify(session));
  }

  #ofThisTab(): Session | null {
    const kept = this.#place.sessionStorage.getItem(this.#key);
    return kept === null ? null : (JSON.parse(kept) as Session);
  }
}

/** Without a place to keep it (private windows, full disks) it holds until a reload. */
function notKept(): void {}

function nobody(): undefined {}
