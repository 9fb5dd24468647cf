import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import { IndexedDbRecall, Remembering } from '../client/recall.ts';
import { FakeApi } from './support/api.ts';
import { MemoryRecall } from './support/recall.ts';

describe('an API that remembers', () => {
  let api: FakeApi;
  let recall: MemoryRecall;
  let remembering: Remembering;

  beforeEach(() => {
    api = new FakeApi();
    recall = new MemoryRecall();
    remembering = new Remembering(api, recall);
  });

  async function answered(path: string, answer: unknown): Promise<void> {
    const asked = remembering.get(path);
    await api.asked(path).answer(answer);
    expect(await asked).toEqual(answer);
  }

  async function failing(path: string, error: unknown) {
    const asked = remembering.get(path);
    asked.catch(() => {});
    await api.asked(path).fail(error);
    return asked;
  }

  it('answers as before while the server is out of reach', async () => {
    await answered('/v1/me', { name: 'old' });
    await answered('/v1/me', { name: 'new' });
    expect(await failing('/v1/me', new TypeError('network'))).toEqual({ name: 'new' });
    expect(await failing('/v1/me', new Problem(503, 'unavailable', 'later'))).toEqual({
      name: 'new',
    });
  });

  it('says so when it never had an answer', async () => {
    await expect(failing('/v1/me', new TypeError('network'))).rejects.toThrow(TypeError);
  });

  it('lets the server have the last word where it says no', async () => {
    await answered('/v1/orders/o1', { id: 'o1' });
    const no = new Problem(404, 'not_found', 'no');
    await expect(failing('/v1/orders/o1', no)).rejects.toBe(no);
  });

  it.each([
    '/v1/orders?role=seller&cursor=x',
    '/v1/conversations/t1/messages?limit=50&before=9',
    '/v1/search?q=anna',
  ])('does not remember %s', async (path) => {
    await answered(path, {});
    expect(recall.answers.size).toBe(0);
  });

  it('works without a place to remember', async () => {
    vi.spyOn(recall, 'keep').mockRejectedValue(new Error('full'));
    vi.spyOn(recall, 'find').mockRejectedValue(new Error('none'));
    await answered('/v1/me', {});
    await expect(failing('/v1/me', new TypeError('network'))).rejects.toThrow('network');
  });

  it('sends as it is told', async () => {
    void remembering.send('PUT', '/v1/blocks/bob', { a: 1 });
    expect(api.asked('/v1/blocks/bob')).toMatchObject({ method: 'PUT', body: { a: 1 } });
  });
});

describe('what is kept in the browser', () => {
  let now = 0;
  const recallOf = (account: string) => {
    return new IndexedDbRecall(account, () => {
      now += 1;
      return now;
    });
  };

  beforeEach(() => {
    vi.stubGlobal('indexedDB', new IDBFactory());
  });

  it('is there for the next page, and for its account alone', async () => {
    await recallOf('alice').keep('/v1/me', { name: 'Alice' });
    expect(await recallOf('alice').find('/v1/me')).toEqual({ name: 'Alice' });
    expect(await recallOf('bob').find('/v1/me')).toBeUndefined();
  });

  it('is forgotten when its account leaves', async () => {
    const bob = recallOf('bob');
    await bob.keep('/v1/me', { name: 'Bob' });
    const alice = recallOf('alice');
    await alice.keep('/v1/me', { name: 'Alice' });
    await alice.forget();
    expect(await alice.find('/v1/me')).toBeUndefined();
    expect(await bob.find('/v1/me')).toEqual({ name: 'Bob' });
  });

  it('does not grow for ever: the oldest goes', async () => {
    const alice = recallOf('alice');
    for (let at = 0; at < 450; at += 1) await alice.keep(`/v1/orders/${at}`, at + 1);
    expect(await alice.find('/v1/orders/0')).toBeUndefined();
    expect(await alice.find('/v1/orders/49')).toBeUndefined();
    expect(await alice.find('/v1/orders/50')).toBe(51);
    expect(await alice.find('/v1/orders/449')).toBe(450);
  });
});
