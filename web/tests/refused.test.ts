import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, MemoryShelf } from '../client/index.ts';
import { FakeServer } from './support/server.ts';
import { ALICE, aPage, aToken } from './support/things.ts';

/** All that was asked for. */
const asked: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  asked.length = 0;
  const server = new FakeServer();
  vi.stubGlobal('WebSocket', server.websocket);
  vi.stubGlobal('fetch', async (url: string) => answer(new URL(url).pathname));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function answer(path: string): Response {
  asked.push(path);
  if (path === '/v1/me') return Response.json({ account: ALICE, role: 'operator' });
  if (path === '/v1/orders') return Response.json(aPage([]));
  return Response.json({ code: 'forbidden', title: 'Forbidden' }, { status: 403 });
}

async function clientOf(claims: object) {
  const shelf = new MemoryShelf();
  const client = connect({ token: aToken(claims), origin: 'http://here', shelf });
  await vi.advanceTimersByTimeAsync(60_000);
  return client;
}

describe('an operator', () => {
  it('is asked nothing but who they are', async () => {
    const client = await clientOf({ sub: 'ops', role: 'operator' });
    expect(client.isOperator).toBe(true);
    expect(client.me.state.value?.account).toEqual(ALICE);
    expect(asked).toEqual(['/v1/me']);
    expect(client.refused.value).toBe(false);
  });
});

describe('an account whose lists are kept from it', () => {
  it('is told so, and does not ask for ever', async () => {
    const client = await clientOf({ sub: 'alice' });
    expect(client.isOperator).toBe(false);
    expect(client.refused.value).toBe(true);
    expect(asked.filter((path) => path === '/v1/conversations')).toHaveLength(1);
  });
});
