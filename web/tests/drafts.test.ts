/** Drafts: told once the keys are quiet, heard unless something is being written here. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Drafts } from '../client/drafts.ts';
import type { Draft } from '../client/types.ts';
import { FakeApi, turns } from './support/api.ts';

const said: { method: string; data: unknown }[] = [];
let answer: () => Promise<unknown>;
let api: FakeApi;
let drafts: Drafts;

function draft(version: number, body: string): Draft {
  return { conversation_id: 't1', body, version };
}

beforeEach(() => {
  vi.useFakeTimers();
  said.length = 0;
  answer = async () => ({ draft: draft(1, 'Hello, I') });
  api = new FakeApi();
  drafts = new Drafts(api, {
    rpc: async <T>(method: string, data: unknown) => {
      said.push({ method, data });
      return (await answer()) as T;
    },
  });
});

afterEach(() => vi.useRealTimers());

test('what is written is told once the keys are quiet', async () => {
  drafts.write('t1', 'Hel');
  await vi.advanceTimersByTimeAsync(500);
  drafts.write('t1', 'Hello, I');
  await vi.advanceTimersByTimeAsync(900);

  expect(said).toEqual([{ method: 'draft.save', data: { conversation: 't1', body: 'Hello, I' } }]);
  expect(drafts.state.value.get('t1')).toEqual(draft(1, 'Hello, I'));
});

test('that it was sent is told at once', async () => {
  drafts.heard(draft(1, 'Hello'));
  answer = async () => ({ draft: draft(2, '') });
  drafts.write('t1', '');
  await vi.advanceTimersByTimeAsync(0);

  expect(said).toHaveLength(1);
  expect(drafts.state.value.get('t1')).toEqual(draft(2, ''));
});

test('of what was sent before anybody heard of it nothing is told', async () => {
  drafts.write('t1', 'Hello');
  drafts.write('t1', '');
  await vi.advanceTimersByTimeAsync(2_000);

  expect(said).toEqual([]);
});

test('the higher version counts', () => {
  drafts.heard(draft(2, 'on the phone'));
  drafts.heard(draft(1, 'on the laptop'));

  expect(drafts.state.value.get('t1')?.body).toBe('on the phone');
});

test('nobody takes the words out of the hands of who is writing', async () => {
  drafts.write('t1', 'on the laptop');
  drafts.heard(draft(7, 'on the phone'));
  expect(drafts.state.value.has('t1')).toBe(false);

  answer = async () => ({ draft: draft(8, 'on the laptop') });
  await vi.advanceTimersByTimeAsync(900);
  expect(drafts.state.value.get('t1')?.version).toBe(8);
});

test('out of reach it is told with the next key', async () => {
  answer = () => Promise.reject(new Error('away'));
  drafts.write('t1', 'Hello');
  await vi.advanceTimersByTimeAsync(900);
  answer = async () => ({ draft: draft(1, 'Hello, I') });
  drafts.write('t1', 'Hello, I');
  await vi.advanceTimersByTimeAsync(900);

  expect(said).toHaveLength(2);
  expect(drafts.state.value.get('t1')?.body).toBe('Hello, I');
});

test('what was begun elsewhere is asked for', async () => {
  vi.useRealTimers();
  void drafts.open('t1');
  await api.asked('/draft').answer({ draft: draft(3, 'on the phone') });
  await turns();

  expect(drafts.state.value.get('t1')?.body).toBe('on the phone');
});
