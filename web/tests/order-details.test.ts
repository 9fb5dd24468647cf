import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../client/api.ts';
import { Inbox } from '../client/inbox.ts';
import { OrderDetails } from '../client/order-details.ts';
import { Orders } from '../client/orders.ts';
import { FakeApi } from './support/api.ts';
import { aConversation, anOrder, anOrderPage, aPage, at } from './support/things.ts';

class Stage {
  readonly api = new FakeApi();
  readonly orders = new Orders('alice', this.api);
  readonly inbox = new Inbox(this.api);
  readonly details = new OrderDetails('o1', {
    account: 'alice',
    api: this.api,
    orders: this.orders,
    inbox: this.inbox,
  });

  async answered(version = 1): Promise<void> {
    await this.api.asked('/v1/orders/o1').answer(anOrderPage('o1', { version }));
  }

  get isAsked(): boolean {
    return this.api.isAsked('/v1/orders/o1');
  }
}

let stage: Stage;
let close: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
  close = stage.details.open();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the page of an order', () => {
  it('is loaded once however many look at it', async () => {
    stage.details.open();
    await stage.answered();
    expect(stage.details.state.value.phase).toBe('ready');
    expect(stage.isAsked).toBe(false);
  });

  it('is loaded again when the inbox tells of a newer version', async () => {
    await stage.answered(1);
    stage.orders.put([anOrder('o1', { version: 1 })]);
    expect(stage.isAsked).toBe(false);
    stage.orders.put([anOrder('o1', { version: 2 })]);
    await stage.answered(2);
    expect(stage.details.state.value).toMatchObject({ order: { version: 2 } });
  });

  it('is loaded again when news may have been missed', async () => {
    await stage.answered();
    const reload = async () => {
      void stage.orders.reload();
      await stage.api.asked('role=seller').answer(aPage([]));
      await stage.api.asked('role=buyer').answer(aPage([]));
    };
    await reload();
    expect(stage.isAsked).toBe(false);
    await reload();
    expect(stage.isAsked).toBe(true);
  });

  it('is loaded again when something was said in the inbox', async () => {
    await stage.answered();
    const said = (minutes: number, kind: 'direct' | 'order' = 'direct') =>
      aConversation('d1', {
        kind,
        last_message: { seq: minutes, sender: 'bob', preview: '', at: at(minutes) },
      });
    stage.inbox.put([said(1, 'order')]);
    expect(stage.isAsked).toBe(false);
    stage.inbox.put([said(1)]);
    await stage.answered();
    stage.inbox.put([{ ...said(1), unread: 4 }]);
    expect(stage.isAsked).toBe(false);
  });

  it('says when there is no such order', async () => {
    await stage.api.asked('/v1/orders/o1').fail(new Problem(404, 'not_found', 'no'));
    expect(stage.details.state.value.phase).toBe('gone');
  });

  it('asks again after a failure, as long as somebody looks', async () => {
    await stage.api.asked('/v1/orders/o1').fail(new Problem(503, 'unavailable', 'later'));
    expect(stage.details.state.value.phase).toBe('loading');
    await vi.advanceTimersByTimeAsync(2_000);
    await stage.api.asked('/v1/orders/o1').fail(new TypeError('network'));
    close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.isAsked).toBe(false);
  });

  it('hears nothing once it is closed', async () => {
    await stage.answered(1);
    close();
    stage.orders.put([anOrder('o1', { version: 2 })]);
    expect(stage.isAsked).toBe(false);
  });

  it('takes the answer to its latest question alone', async () => {
    await stage.answered(1);
    stage.orders.put([anOrder('o1', { version: 2 })]);
    stage.orders.put([anOrder('o1', { version: 3 })]);
    const earlier = stage.api.asked('/v1/orders/o1');
    await stage.answered(3);
    await earlier.answer(anOrderPage('o1', { version: 2 }));
    expect(stage.details.state.value).toMatchObject({ order: { version: 3 } });
  });
});
