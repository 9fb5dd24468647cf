import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Shell } from '../service-worker/shell.ts';

const HERE = 'https://here';
const SIGNS = ['/icons/badge-96.png', '/icons/icon-192.png'];

/** A cache in memory, as far as a worker uses it. */
class FakeCache {
  readonly kept = new Map<string, Response>();
  readonly #fetch: (path: string) => Promise<Response>;

  constructor(fetch: (path: string) => Promise<Response>) {
    this.#fetch = fetch;
  }

  get paths(): string[] {
    return [...this.kept.keys()].sort();
  }

  async match(path: string): Promise<Response | undefined> {
    return this.kept.get(path)?.clone();
  }

  async keys(): Promise<{ url: string }[]> {
    return this.paths.map((path) => ({ url: HERE + path }));
  }

  async addAll(paths: string[]): Promise<void> {
    const answers = await Promise.all(paths.map((path) => this.#fetch(path)));
    if (answers.some(({ ok }) => !ok)) throw new TypeError('not all of it is there');
    for (const [at, path] of paths.entries()) this.kept.set(path, answers[at] ?? new Response());
  }

  async put(path: string, answer: Response): Promise<void> {
    this.kept.set(path, answer);
  }

  async delete(path: string): Promise<void> {
    this.kept.delete(path);
  }
}

const pageWith = (...files: string[]) =>
  new Response(files.map((file) => `<script src="${file}"></script>`).join(''), {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });

let server: (path: string) => Response | Promise<Response>;
let cache: FakeCache;
let shell: Shell;
let lasting: Promise<unknown>[];

const away = () => Promise.reject(new TypeError('network'));

beforeEach(() => {
  lasting = [];
  const fetch = async (request: Request | string) =>
    server(typeof request === 'string' ? request : new URL(request.url).pathname);
  cache = new FakeCache(fetch);
  shell = new Shell({
    origin: HERE,
    caches: { open: async () => cache as unknown as Cache },
    fetch,
    lasting: (work) => lasting.push(work),
  });
  server = (path) => (path.includes('.') ? new Response(path) : pageWith('/assets/app-1.js'));
});

afterEach(() => {
  vi.useRealTimers();
});

/** As a browser asks; `mode` cannot be set from outside. */
function asked(path: string, more: { mode?: string; method?: string } = {}): Request {
  const url = path.startsWith('https:') ? path : HERE + path;
  return { url, method: 'GET', mode: 'navigate', ...more } as Request;
}

async function text(answer: Promise<Response> | null): Promise<string> {
  return (await answer)?.text() ?? 'not ours';
}

describe('the app without a net', () => {
  it('opens with what was kept, at whichever address', async () => {
    await shell.install();
    expect(cache.paths).toEqual(['/', '/assets/app-1.js', ...SIGNS]);
    server = away;
    expect(await text(shell.answer(asked('/orders/o1/plan')))).toContain('app-1.js');
    const file = asked('/assets/app-1.js', { mode: 'cors' });
    expect(await text(shell.answer(file))).toBe('/assets/app-1.js');
  });

  it('opens with what was kept when the server is ill, or takes too long', async () => {
    vi.useFakeTimers();
    await shell.install();
    server = () => new Response('sorry', { status: 502 });
    expect(await text(shell.answer(asked('/')))).toContain('app-1.js');
    server = () => new Promise(() => {});
    const answer = text(shell.answer(asked('/')));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await answer).toContain('app-1.js');
  });

  it('says what the browser would say when nothing was kept', async () => {
    server = away;
    await expect(shell.answer(asked('/'))).rejects.toThrow('network');
  });

  it('is not in the way of anything else', () => {
    expect(shell.answer(asked('/v1/orders', { mode: 'cors' }))).toBeNull();
    expect(shell.answer(asked('/demo'))).toBeNull();
    expect(shell.answer(asked('/demo/mail/3'))).toBeNull();
    expect(shell.answer(asked('/u/token'))).toBeNull();
    expect(shell.answer(asked('/v1/docs'))).toBeNull();
    expect(shell.answer(asked('/', { method: 'POST' }))).toBeNull();
    expect(shell.answer(asked('https://elsewhere/'))).toBeNull();
  });
});

describe('a new release', () => {
  beforeEach(async () => {
    await shell.install();
    server = (path) => (path.includes('.') ? new Response(path) : pageWith('/assets/app-2.js'));
  });

  it('is shown at once, and kept with its files; those of the old one go', async () => {
    expect(await text(shell.answer(asked('/')))).toContain('app-2.js');
    await Promise.all(lasting);
    expect(cache.paths).toEqual(['/', '/assets/app-2.js', ...SIGNS]);
  });

  it('is not kept without all of its files', async () => {
    const whole = server;
    server = (path) => (path.endsWith('.js') ? new Response('', { status: 404 }) : whole(path));
    await text(shell.answer(asked('/')));
    await Promise.all(lasting);
    expect(cache.paths).toEqual(['/', '/assets/app-1.js', ...SIGNS]);
    server = away;
    expect(await text(shell.answer(asked('/')))).toContain('app-1.js');
  });

  it('is no reason to keep what is no page', async () => {
    server = () => new Response('{}', { headers: { 'content-type': 'application/json' } });
    expect(await text(shell.answer(asked('/')))).toBe('{}');
    expect(lasting).toEqual([]);
  });
});
