/**
 * The app's page and its files, for when there is no net. The page comes from the server while
 * that answers; its files have their content in their name, and are kept as long as it wants them.
 */

const CACHE = 'orderwire-shell';
const PAGE = '/';
/** What pushes are shown with; the page does not name it. */
const SIGNS = ['/icons/icon-192.png', '/icons/badge-96.png'];
/** Longer than this nobody waits for a page that is here already. */
const PATIENCE_MS = 3_000;
const ASSETS = '/assets/';
/** First parts of addresses that are no pages of the app. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'v1',
  'u',
  'demo',
  'connection',
  'emulation',
  'ops',
  'healthz',
  'readyz',
  'metrics',
]);

/** What of the worker's surroundings we need. */
export interface Surroundings {
  readonly origin: string;
  readonly caches: Pick<CacheStorage, 'open'>;
  readonly fetch: (request: Request | string) => Promise<Response>;
  /** Lives until this has ended. */
  readonly lasting: (work: Promise<unknown>) => void;
}

export class Shell {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Fetches all that the app needs to open without a net. */
  async install(): Promise<void> {
    const page = await this.#around.fetch(PAGE);
    if (isPage(page)) await this.#keep(page);
  }

  /** Answers a request that is for the app; null for all others. */
  answer(request: Request): Promise<Response> | null {
    const { origin, pathname } = new URL(request.url);
    if (request.method !== 'GET' || origin !== this.#around.origin) return null;
    if (pathname.startsWith(ASSETS) || SIGNS.includes(pathname)) return this.#file(request);
    if (request.mode !== 'navigate') return null;
    return ELSEWHERE.has(pathname.split('/')[1] ?? '') ? null : this.#page(request);
  }

  /** The server's page, or the one that was here last. */
  async #page(request: Request): Promise<Response> {
    const kept = await this.#find(PAGE);
    const fresh = this.#fresh(request);
    if (!kept) return fresh;
    fresh.catch(shownAnyway);
    const late = new Promise<Response>((resolve) => {
      setTimeout(() => resolve(kept), PATIENCE_MS);
    });
    return Promise.race([fresh.catch(() => kept), late]);
  }

  async #fresh(request: Request): Promise<Response> {
    const page = await this.#around.fetch(request);
    if (isPage(page)) this.#around.lasting(this.#keep(page.clone()).catch(shownAnyway));
    else if (page.status >= 500) throw new Error(`no page: ${page.status}`);
    return page;
  }

  async #file(request: Request): Promise<Response> {
    return (await this.#find(new URL(request.url).pathname)) ?? this.#around.fetch(request);
  }

  async #find(path: string): Promise<Response | undefined> {
    return (await this.#cache()).match(path);
  }

  /** Keeps a page with what it wants; what only earlier ones wanted goes. */
  async #keep(page: Response): Promise<void> {
    const cache = await this.#cache();
    const wanted = new Set([...filesOf(await page.clone().text()), ...SIGNS]);
    const there = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname));
    // All of it first: a page without its files would be worse than the one before.
    await cache.addAll([...wanted].filter((path) => !there.has(path)));
    await cache.put(PAGE, page);
    const over = [...there].filter((path) => path !== PAGE && !wanted.has(path));
    await Promise.all(over.map((path) => cache.delete(path)));
  }

  #cache(): Promise<Cache> {
    return this.#around.caches.open(CACHE);
  }
}

function isPage({ ok, headers }: Response): boolean {
  return ok && (headers.get('content-type') ?? '').startsWith('text/html');
}

function filesOf(page: string): string[] {
  return [...page.matchAll(/(?:src|href)="(\/[^"/][^"]*)"/g)].map(([, path]) => path ?? '');
}

/** What is shown is there already; the next time brings the rest. */
function shownAnyway(): void {}
