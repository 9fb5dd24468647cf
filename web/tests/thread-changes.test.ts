import { beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../client/types.ts';
import { refusal } from './support/socket.ts';
import { aMessage, at } from './support/things.ts';
import { ThreadStage } from './support/thread.ts';

const mine = (seq: number, more: Partial<Message> = {}) =>
  aMessage(seq, { sender: 'alice', ...more });

let stage: ThreadStage;

beforeEach(() => {
  stage = new ThreadStage();
});

describe('an edit', () => {
  it('shows once it is taken', async () => {
    await stage.showing([mine(1)]);
    const edited = stage.thread.edit(1, 'better');
    const call = stage.socket.call();
    expect(call).toMatchObject({
      method: 'message.edit',
      data: { conversation: 't1', seq: 1, body: 'better' },
    });
    expect(stage.state.entries).toMatchObject([{ body: 'body 1' }]);
    await call.answer({ message: mine(1, { body: 'better', edited_at: at(5) }) });
    await edited;
    expect(stage.state.entries).toMatchObject([{ body: 'better', edited_at: at(5) }]);
  });

  it('that others were told of first changes nothing more', async () => {
    await stage.showing([mine(1)]);
    void stage.thread.edit(1, 'better');
    stage.publish({ type: 'edit', seq: 2, of: 1, body: 'better', by: 'alice', at: at(5) });
    await stage.socket.call().answer({ message: mine(1, { body: 'better', edited_at: at(5) }) });
    expect(stage.state.entries).toMatchObject([{ seq: 1, body: 'better' }]);
  });

  it('that is refused leaves all as it was', async () => {
    await stage.showing([mine(1)]);
    const edited = stage.thread.edit(1, 'better');
    edited.catch(() => {});
    await stage.socket.call().fail(refusal(409, 'too old'));
    await expect(edited).rejects.toMatchObject({ code: 409 });
    expect(stage.state.entries).toMatchObject([{ body: 'body 1' }]);
  });
});

describe('what is taken back', () => {
  it('is gone once the server says so', async () => {
    await stage.showing([mine(1)]);
    void stage.thread.erase(1);
    const call = stage.socket.call();
    expect(call.method).toBe('message.delete');
    await call.answer({ message: mine(1, { body: '', deleted_at: at(5) }) });
    expect(stage.state.entries).toMatchObject([{ body: '', deleted_at: at(5) }]);
  });
});

describe('what is to be read once more', () => {
  it('is read anew when it is looked at', async () => {
    await stage.showing([aMessage(1), aMessage(2)]);
    void stage.thread.read(2);
    await stage.socket.call().answer({});
    void stage.thread.markUnread(2);
    const call = stage.socket.call();
    expect(call).toMatchObject({ method: 'receipt.unread', data: { seq: 2 } });
    void stage.thread.read(2);
    expect(stage.socket.waiting).toBe(0);
    await call.answer({});
    void stage.thread.read(2);
    expect(stage.socket.call().method).toBe('receipt.read');
  });
});

describe('a message further back', () => {
  const older = async (before: number, entries: readonly Message[], has_before: boolean) =>
    stage.api
      .asked(`limit=200&before=${before}`)
      .answer({ items: entries, has_before, has_after: true });

  it('is there already', async () => {
    await stage.showing([aMessage(5), aMessage(6)], true);
    expect(await stage.thread.reach(5)).toBe(true);
    expect(stage.api.isAsked('before')).toBe(false);
  });

  it('is loaded with all between, and shown once it is all there', async () => {
    await stage.showing([aMessage(500)], true);
    const reached = stage.thread.reach(20);
    const span = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, at) => aMessage(from + at));
    await older(500, span(300, 500), true);
    await older(100, span(1, 100), false);
    expect(stage.seqs).toEqual([500]);
    expect(stage.state.loadingBefore).toBe(true);
    await older(300, span(100, 300), true);
    expect(await reached).toBe(true);
    expect(stage.seqs).toEqual(span(1, 501).map(({ seq }) => seq));
    expect(stage.state).toMatchObject({ hasBefore: false, loadingBefore: false });
  });

  it('may be much further back', async () => {
    await stage.showing([aMessage(1_801)], true);
    const reached = stage.thread.reach(900);
    for (const before of [1_801, 1_601, 1_401, 1_201]) {
      await older(before, [aMessage(before - 1)], true);
    }
    await older(1_001, [aMessage(900)], true);
    expect(await reached).toBe(true);
    expect(stage.state.hasBefore).toBe(true);
  });

  it('may not be there at all', async () => {
    await stage.showing([aMessage(9)], true);
    const reached = stage.thread.reach(2);
    await older(9, [aMessage(3)], false);
    expect(await reached).toBe(false);
  });

  it('is given up when it cannot be loaded, and nothing with gaps is shown', async () => {
    await stage.showing([aMessage(300)], true);
    const reached = stage.thread.reach(2);
    await older(100, [aMessage(2)], false);
    await stage.api.asked('before=300').fail(new TypeError('network'));
    expect(await reached).toBe(false);
    expect(stage.seqs).toEqual([300]);
  });

  it('is given up when the list starts over', async () => {
    await stage.showing([aMessage(9)], true);
    const reached = stage.thread.reach(2);
    stage.subscribed(900, false);
    await older(9, [aMessage(2)], false);
    expect(await reached).toBe(false);
    await stage.page([aMessage(900)]);
    expect(stage.seqs).toEqual([900]);
  });
});
