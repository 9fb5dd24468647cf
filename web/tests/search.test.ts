import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import { Search } from '../client/search.ts';
import { FakeApi } from './support/api.ts';
import { BOB } from './support/things.ts';

let api: FakeApi;
let search: Search;

beforeEach(() => {
  vi.useFakeTimers();
  api = new FakeApi();
  search = new Search(api);
});

afterEach(() => {
  vi.useRealTimers();
});

const found = { messages: [], people: [BOB], orders: [] };
const nothing = { messages: [], people: [], orders: [] };

async function looks(query: string): Promise<void> {
  search.look(query);
  await vi.advanceTimersByTimeAsync(250);
}

describe('a search', () => {
  it('begins once one pauses', async () => {
    search.look('b');
    await vi.advanceTimersByTimeAsync(249);
    search.look('bob & co');
    await vi.advanceTimersByTimeAsync(249);
    expect(api.log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(search.state.value.phase).toBe('looking');
    await api.asked('q=bob+%26+co').answer(found);
    expect(search.state.value).toEqual({ query: 'bob & co', phase: 'done', found });
  });

  it('shows what was found last until there is something newer', async () => {
    await looks('bob');
    await api.asked('/v1/search').answer(found);
    await looks('bobby');
    expect(search.state.value).toMatchObject({ phase: 'looking', found });
  });

  it('shows the answer to the latest question alone', async () => {
    await looks('bo');
    const first = api.asked('/v1/search');
    await looks('bob');
    await api.asked('/v1/search').answer(nothing);
    await first.answer(found);
    expect(search.state.value).toMatchObject({ query: 'bob', found: nothing });
  });

  it('ends when there is nothing to look for', async () => {
    await looks('bob');
    const asked = api.asked('/v1/search');
    search.look(' ');
    await asked.answer(found);
    expect(search.state.value).toEqual({ query: ' ', phase: 'idle', found: nothing });
  });

  it('finds nothing where there is no word', async () => {
    await looks('?!');
    await api.asked('/v1/search').fail(new Problem(422, 'invalid', 'no word'));
    expect(search.state.value).toMatchObject({ phase: 'done', found: nothing });
  });

  it('says when it failed', async () => {
    await looks('bob');
    await api.asked('/v1/search').fail(new TypeError('network'));
    expect(search.state.value.phase).toBe('failed');
  });
});
