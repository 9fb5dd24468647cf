import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import { Orders } from '../client/orders.ts';
import { gapsIn, isAnswered, Requirements } from '../client/requirements.ts';
import type { RequirementsForm } from '../client/types.ts';
import { FakeApi, turns } from './support/api.ts';
import { aForm, anOrder, aQuestion, MemoryNotes } from './support/things.ts';

const A_MOMENT = 800;

class Stage {
  readonly api = new FakeApi();
  readonly orders = new Orders('bob', this.api);
  readonly notes: MemoryNotes;
  readonly requirements: Requirements;

  constructor(notes = new MemoryNotes()) {
    this.notes = notes;
    this.requirements = new Requirements('o1', {
      account: 'bob',
      api: this.api,
      orders: this.orders,
      path: '/v1/orders/o1',
      notes,
    });
  }

  get state() {
    return this.requirements.state.value;
  }

  async loaded(form: Partial<RequirementsForm> = {}): Promise<void> {
    await this.api.asked('/v1/orders/o1/requirements').answer(aForm(form));
  }

  /** Writes an answer, and lets the moment pass after which it is saved. */
  async writes(text: string): Promise<void> {
    this.requirements.answer('name', text);
    await vi.advanceTimersByTimeAsync(A_MOMENT);
  }

  async saved(form: Partial<RequirementsForm> = {}) {
    const asked = this.api.asked('/requirements');
    await asked.answer(aForm({ status: 'draft', ...form }));
    return asked.body;
  }
}

let stage: Stage;
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
  close = stage.requirements.open();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the form of the requirements', () => {
  it('goes on with the draft where there is one', async () => {
    await stage.loaded({ answers: { name: 'old' }, draft: { name: 'newer' } });
    expect(stage.state).toMatchObject({ phase: 'ready', answers: { name: 'newer' } });
  });

  it('saves what is written as a draft, once one pauses', async () => {
    await stage.loaded();
    stage.requirements.answer('name', 'B');
    expect(stage.state.saving).toBe('waiting');
    await stage.writes('Brandt');
    expect(stage.state.saving).toBe('saving');
    expect(await stage.saved()).toEqual({ answers: { name: 'Brandt' }, submit: false });
    expect(stage.state).toMatchObject({ saving: 'saved', form: { status: 'draft' } });
    expect(stage.api.isAsked('/requirements')).toBe(false);
  });

  it('sends no empty answers', async () => {
    await stage.loaded();
    stage.requirements.answer('mood', []);
    await stage.writes('  ');
    expect(await stage.saved()).toEqual({ answers: {}, submit: false });
  });

  it('saves what was written while a draft was on its way', async () => {
    await stage.loaded();
    await stage.writes('one');
    stage.requirements.answer('name', 'two');
    await stage.saved();
    expect(stage.state.saving).toBe('waiting');
    await vi.advanceTimersByTimeAsync(A_MOMENT);
    expect(await stage.saved()).toMatchObject({ answers: { name: 'two' } });
    expect(stage.state.saving).toBe('saved');
  });

  it('tries again after a while when the server is away', async () => {
    await stage.loaded();
    await stage.writes('Brandt');
    await stage.api.asked('/requirements').fail(new TypeError('network'));
    expect(stage.state.saving).toBe('failed');
    await vi.advanceTimersByTimeAsync(4_000);
    await stage.saved();
    expect(stage.state.saving).toBe('saved');
  });

  it('tells what the server finds wrong, until it is written anew', async () => {
    await stage.loaded();
    await stage.writes('Brandt');
    const wrong = [{ path: 'answers.name', message: 'has at most 10000 characters' }];
    await stage.api.asked('/requirements').fail(new Problem(422, 'invalid', 'no', wrong));
    expect(stage.state).toMatchObject({ wrong: { name: 'has at most 10000 characters' } });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.api.isAsked('/requirements')).toBe(false);
    stage.requirements.answer('name', 'B');
    expect(stage.state.wrong).toEqual({});
  });

  it('keeps what the server does not have through a reload', async () => {
    await stage.loaded();
    stage.requirements.answer('name', 'Brandt');
    const next = new Stage(stage.notes);
    next.requirements.open();
    await next.loaded({ draft: { name: 'older' } });
    expect(next.state.answers).toEqual({ name: 'Brandt' });
    await vi.advanceTimersByTimeAsync(0);
    await next.saved();
    expect(next.notes.size).toBe(0);
  });

  it('saves at once when one goes away', async () => {
    await stage.loaded();
    stage.requirements.answer('name', 'Brandt');
    close();
    await turns();
    expect(await stage.saved()).toMatchObject({ answers: { name: 'Brandt' } });
  });

  it('hands in after the draft that is on its way', async () => {
    await stage.loaded();
    await stage.writes('Brandt');
    stage.requirements.answer('name', 'Brandt & Co');
    const submitting = stage.requirements.submit();
    await stage.saved();
    const handedIn = { answers: { name: 'Brandt & Co' }, status: 'submitted' } as const;
    const asked = stage.api.asked('/requirements');
    await asked.answer(aForm(handedIn));
    await submitting;
    expect(asked.body).toEqual({ answers: { name: 'Brandt & Co' }, submit: true });
    expect(stage.state).toMatchObject({ saving: 'saved', form: handedIn });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.api.isAsked('/requirements')).toBe(false);
  });

  it('keeps the answers when they are not taken', async () => {
    await stage.loaded();
    await stage.writes('Brandt');
    await stage.saved();
    const submitting = stage.requirements.submit();
    submitting.catch(() => {});
    await turns();
    const wrong = [{ path: 'answers.mood', message: 'is required' }];
    await stage.api.asked('/requirements').fail(new Problem(422, 'invalid', 'no', wrong));
    await expect(submitting).rejects.toThrow();
    expect(stage.state).toMatchObject({
      answers: { name: 'Brandt' },
      wrong: { mood: 'is required' },
    });
  });

  it('takes changes back', async () => {
    await stage.loaded({ answers: { name: 'as agreed' }, draft: { name: 'other' } });
    stage.requirements.discard();
    await vi.advanceTimersByTimeAsync(0);
    expect(await stage.saved()).toEqual({ answers: { name: 'as agreed' }, submit: false });
  });

  it('is loaded again when the order has moved on, and leaves what is being written', async () => {
    stage.orders.put([anOrder('o1', { version: 1 })]);
    await stage.loaded();
    expect(stage.api.isAsked('/requirements')).toBe(true);
    await stage.loaded({ answers: { name: 'by the other window' } });
    expect(stage.state.answers).toEqual({ name: 'by the other window' });
    stage.requirements.answer('name', 'mine');
    stage.orders.put([anOrder('o1', { version: 2 })]);
    await stage.loaded({ answers: { name: 'theirs' } });
    expect(stage.state.answers).toEqual({ name: 'mine' });
  });

  it('says when there is no such order, and asks again after a failure', async () => {
    await stage.api.asked('/requirements').fail(new Problem(503, 'unavailable', 'later'));
    await vi.advanceTimersByTimeAsync(4_000);
    await stage.api.asked('/requirements').fail(new Problem(404, 'not_found', 'no'));
    expect(stage.state.phase).toBe('gone');
  });
});

describe('an answer', () => {
  it('has something in it', () => {
    expect([undefined, ' ', [], 'a', ['a']].map(isAnswered)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('is missing where it is required', () => {
    const questions = [aQuestion('a', { required: true }), aQuestion('b'), aQuestion('c')];
    expect(gapsIn(questions, { b: '' }).map(({ id }) => id)).toEqual(['a']);
    expect(gapsIn(questions, { a: 'x' })).toEqual([]);
  });
});
