import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import { Inbox } from '../client/inbox.ts';
import { OrderDetails } from '../client/order-details.ts';
import { Orders } from '../client/orders.ts';
import type { OrderPage } from '../client/types.ts';
import { FakeApi, turns } from './support/api.ts';
import { aNote, anOrder, anOrderPage, aPlan, aTask } from './support/things.ts';

let api: FakeApi;
let orders: Orders;
let details: OrderDetails;
const refused = new Problem(404, 'not_found', 'no');

async function open(more: Partial<OrderPage> = {}): Promise<void> {
  details.open();
  await api.asked('/v1/orders/o1').answer(anOrderPage('o1', more));
}

function page(): OrderPage {
  const shown = details.state.value;
  if (shown.phase !== 'ready') throw new Error('it is not there');
  return shown.order;
}

beforeEach(() => {
  api = new FakeApi();
  orders = new Orders('alice', api);
  const inbox = new Inbox(api);
  details = new OrderDetails('o1', { account: 'alice', api, orders, inbox });
});

describe('an action', () => {
  it('shows what has become of the order everywhere, and then its history', async () => {
    await open({ available_actions: ['deliver'] });
    const done = details.act('deliver', { message: 'Here' });
    const asked = api.asked('/actions');
    expect(asked.body).toEqual({ action: 'deliver', data: { message: 'Here' } });
    await asked.answer(anOrder('o1', { version: 2, status: 'delivered' }));
    await done;
    expect(page()).toMatchObject({ status: 'delivered', version: 2, available_actions: [] });
    expect(orders.state.value.orders.get('o1')?.status).toBe('delivered');
    const timeline = [{ seq: 2, type: 'delivered', actor: 'alice', at: '', data: {} }];
    await api.asked('/v1/orders/o1').answer(anOrderPage('o1', { version: 2, timeline }));
    expect(page().timeline).toEqual(timeline);
  });

  it('that is not open any more shows what is', async () => {
    await open();
    const conflict = new Problem(409, 'action_not_available', 'no');
    const done = details.act('accept');
    done.catch(() => {});
    await api.asked('/actions').fail(conflict);
    await expect(done).rejects.toBe(conflict);
    await api.asked('/v1/orders/o1').answer(anOrderPage('o1', { status: 'cancelled' }));
    expect(page().status).toBe('cancelled');
  });
});

describe('private notes', () => {
  it('stand in the order in which they were written', async () => {
    await open({ notes: [aNote('n1')] });
    void details.papers.addNote('calls in the afternoon');
    const asked = api.asked('/notes');
    expect(asked.body).toEqual({ body: 'calls in the afternoon' });
    await asked.answer(aNote('n2'));
    expect(page().notes.map(({ id }) => id)).toEqual(['n1', 'n2']);
  });

  it('are changed', async () => {
    await open({ notes: [aNote('n1'), aNote('n2')] });
    void details.papers.changeNote('n1', 'new');
    await api.asked('/notes/n1').answer(aNote('n1', { body: 'new' }));
    expect(page().notes.map(({ body }) => body)).toEqual(['new', 'note n2']);
  });

  it('go at once, and come back if that is refused', async () => {
    await open({ notes: [aNote('n1'), aNote('n2')] });
    const dropped = details.papers.dropNote('n1');
    dropped.catch(() => {});
    expect(page().notes.map(({ id }) => id)).toEqual(['n2']);
    await api.asked('/notes/n1').fail(refused);
    await expect(dropped).rejects.toBe(refused);
    expect(page().notes).toHaveLength(2);
  });

  it('are not lost to an answer that was on its way', async () => {
    await open();
    orders.put([anOrder('o1', { version: 2 })]);
    const stale = api.asked('/v1/orders/o1');
    void details.papers.addNote('kept');
    await api.asked('/notes').answer(aNote('n1'));
    await stale.answer(anOrderPage('o1', { version: 2 }));
    expect(page().notes).toHaveLength(1);
    await api
      .asked('/v1/orders/o1')
      .answer(anOrderPage('o1', { version: 2, notes: [aNote('n1')] }));
    expect(page()).toMatchObject({ version: 2, notes: [{ id: 'n1' }] });
  });
});

describe('the plan', () => {
  const tasks = [aTask('t1'), aTask('t2')];

  it('shows at once, and then as the server has it', async () => {
    await open();
    void details.papers.putPlan(tasks);
    expect(page().plan).toEqual({ tasks, approval: 'none', version: 0 });
    await turns();
    await api.asked('/plan').answer(aPlan({ tasks, version: 1 }));
    expect(page().plan?.version).toBe(1);
  });

  it('goes one after the other, and shows the newest meanwhile', async () => {
    await open();
    void details.papers.putPlan([aTask('t1')]);
    void details.papers.putPlan(tasks);
    await turns();
    await api.asked('/plan').answer(aPlan({ tasks: [aTask('t1')], version: 1 }));
    expect(page().plan?.tasks).toEqual(tasks);
    const second = api.asked('/plan');
    expect(second.body).toEqual({ tasks });
    await second.answer(aPlan({ tasks, version: 2 }));
    expect(page().plan).toMatchObject({ tasks, version: 2 });
  });

  it('goes back to what it was if it is refused', async () => {
    await open({ plan: aPlan({ tasks: [aTask('t1')] }) });
    const put = details.papers.putPlan(tasks);
    put.catch(() => {});
    await turns();
    await api.asked('/plan').fail(refused);
    await expect(put).rejects.toBe(refused);
    expect(page().plan?.tasks).toEqual([aTask('t1')]);
  });
});

describe('the first steps', () => {
  const items = [
    { id: 'thank', done: true },
    { id: 'ask_questions', done: false },
  ];

  it('are ticked at once', async () => {
    await open({ welcome: { items } });
    void details.papers.tick('ask_questions', true);
    expect(page().welcome?.items.every(({ done }) => done)).toBe(true);
    const asked = api.asked('/welcome');
    expect(asked.body).toEqual({ done: ['thank', 'ask_questions'] });
    await asked.answer({ items: [items[0], { id: 'ask_questions', done: true }] });
    expect(page().welcome?.items).toHaveLength(2);
  });

  it('are as they were if that is refused', async () => {
    await open({ welcome: { items } });
    const ticked = details.papers.tick('thank', false);
    ticked.catch(() => {});
    expect(page().welcome?.items[0]?.done).toBe(false);
    await api.asked('/welcome').fail(refused);
    await expect(ticked).rejects.toBe(refused);
    expect(page().welcome).toEqual({ items });
  });

  it('are the seller’s alone', async () => {
    await open();
    const asked = vi.spyOn(api, 'send');
    await details.papers.tick('thank', true);
    expect(asked).not.toHaveBeenCalled();
  });
});
