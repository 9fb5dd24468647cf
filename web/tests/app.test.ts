import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Dwell } from '../app/dwell.ts';
import { Identity, type Place } from '../app/identity.ts';
import { routeOf } from '../app/routes.ts';
import { IndexedDbSessions, type Sessions } from '../app/sessions.ts';
import { aToken } from './support/things.ts';

describe('addresses', () => {
  it.each([
    ['/', { page: 'inbox', conversation: null, seq: null }],
    ['/inbox/t%2F1', { page: 'inbox', conversation: 't/1', seq: null }],
    ['/inbox/t1/12', { page: 'inbox', conversation: 't1', seq: 12 }],
    ['/inbox/t1/0', { page: 'unknown' }],
    ['/orders', { page: 'orders' }],
    ['/orders/o1', { page: 'order', order: 'o1', part: null }],
    ['/orders/o1/plan', { page: 'order', order: 'o1', part: 'plan' }],
    ['/contacts', { page: 'contacts' }],
    ['/notifications', { page: 'alerts' }],
    ['/settings', { page: 'settings' }],
    ['/orders/o1/more', { page: 'unknown' }],
    ['/orders/%ff', { page: 'unknown' }],
    ['/demo', { page: 'unknown' }],
  ])('%s', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });
});

/** One browser; its tabs share what it keeps for good, its frames what a tab keeps. */
class FakeBrowser {
  readonly sessions: Sessions = new IndexedDbSessions(crypto.randomUUID());
  #now = 0;

  tab(): Map<string, string> {
    return new Map();
  }

  page(hash = '', kept = this.tab(), name = '') {
    const shown: string[] = [];
    const place: Place = {
      location: { hash, pathname: '/orders', search: '?a=1' },
      history: {
        replaceState: (_: unknown, __: string, url?: string | URL | null) =>
          void shown.push(String(url)),
      },
      sessionStorage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => void kept.set(key, value),
        removeItem: (key) => void kept.delete(key),
      },
      name,
    };
    this.#now += 1;
    const now = this.#now;
    return { identity: new Identity(place, this.sessions, () => now), shown };
  }
}

const link = (sub: string) => `#token=${aToken({ sub })}`;

describe('dwelling', () => {
  let seen: string[];
  let dwell: Dwell;
  const look = (subject: string | null) => dwell.on(subject, () => seen.push(subject ?? ''));

  beforeEach(() => {
    vi.useFakeTimers();
    seen = [];
    dwell = new Dwell(3_000);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('on something means having seen it', () => {
    look('order');
    vi.advanceTimersByTime(2_999);
    look('order');
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual(['order']);
  });

  it('begins anew with another thing, and ends when one looks away', () => {
    look('order');
    vi.advanceTimersByTime(2_000);
    look('thread');
    vi.advanceTimersByTime(2_000);
    look(null);
    vi.advanceTimersByTime(9_000);
    expect(seen).toEqual([]);
  });

  it('goes on for what comes later', () => {
    look('order');
    vi.advanceTimersByTime(3_000);
    look('order');
    vi.advanceTimersByTime(3_000);
    expect(seen).toEqual(['order', 'order']);
  });
});

describe('signing in', () => {
  it('takes the token out of the address before anything else happens', () => {
    const { identity, shown } = new FakeBrowser().page(link('alice'));
    void identity.find();
    expect(shown).toEqual(['/orders?a=1']);
  });

  it('holds through a reload, and for new tabs', async () => {
    const browser = new FakeBrowser();
    const tab = browser.tab();
    await browser.page(link('alice'), tab).identity.find();
    expect(await browser.page('', tab).identity.find()).toMatchObject({ account: 'alice' });
    expect(await browser.page().identity.find()).toMatchObject({ account: 'alice' });
  });

  it('keeps tabs apart: each stays who it is', async () => {
    const browser = new FakeBrowser();
    const [hers, his] = [browser.tab(), browser.tab()];
    await browser.page(link('alice'), hers).identity.find();
    await browser.page(link('bob'), his).identity.find();
    expect(await browser.page('', hers).identity.find()).toMatchObject({ account: 'alice' });
    expect(await browser.page('', his).identity.find()).toMatchObject({ account: 'bob' });
    expect(await browser.page().identity.find()).toMatchObject({ account: 'bob' });
  });

  it('keeps the named frames of one tab apart', async () => {
    const browser = new FakeBrowser();
    const tab = browser.tab();
    await browser.page(link('alice'), tab, 'left').identity.find();
    await browser.page(link('bob'), tab, 'right').identity.find();
    expect(await browser.page('', tab, 'left').identity.find()).toMatchObject({ account: 'alice' });
    expect(await browser.page('', tab, 'right').identity.find()).toMatchObject({ account: 'bob' });
  });

  it('keeps a renewed token', async () => {
    const browser = new FakeBrowser();
    const tab = browser.tab();
    const { identity } = browser.page(link('alice'), tab);
    await identity.find();
    const fresh = aToken({ sub: 'alice', exp: 9 });
    identity.renewed(fresh);
    expect(await browser.page('', tab).identity.find()).toMatchObject({ token: fresh });
  });

  it('ends when one leaves', async () => {
    const browser = new FakeBrowser();
    const tab = browser.tab();
    const { identity } = browser.page(link('alice'), tab);
    await identity.find();
    await identity.leave('alice');
    expect(await browser.page('', tab).identity.find()).toBeNull();
  });

  it('refuses what is no token', async () => {
    expect(await new FakeBrowser().page('#token=rubbish').identity.find()).toBeNull();
  });

  it('holds without a place to keep it', async () => {
    const broken: Sessions = {
      latest: () => Promise.reject(new Error('no place')),
      put: () => Promise.reject(new Error('no place')),
      remove: () => Promise.reject(new Error('no place')),
    };
    const browser = Object.assign(new FakeBrowser(), { sessions: broken });
    expect(await browser.page().identity.find()).toBeNull();
    expect(await browser.page(link('alice')).identity.find()).toMatchObject({ account: 'alice' });
  });
});
