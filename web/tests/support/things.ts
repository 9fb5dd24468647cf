/** Things as the server shows them; a test says what matters to it. */

import type {
  Attachment,
  Contact,
  Conversation,
  Message,
  Note,
  Notification,
  Order,
  OrderEvent,
  OrderPage,
  Person,
  Plan,
  Question,
  RequirementsForm,
  Task,
  ThreadSnapshot,
} from '../../client/index.ts';

export const ALICE: Person = { id: 'alice', name: 'Alice Arnold', avatar_url: null };
export const BOB: Person = { id: 'bob', name: 'Bob Brandt', avatar_url: null };

/** Minutes after an arbitrary noon. */
export function at(minutes: number): string {
  return new Date(Date.UTC(2026, 10, 24, 12, 0) + minutes * 60_000).toISOString();
}

export function aMessage(seq: number, more: Partial<Message> = {}): Message {
  return {
    type: 'message',
    seq,
    id: `m${seq}`,
    sender: BOB.id,
    client_id: `c${seq}`,
    body: `body ${seq}`,
    reply_to: null,
    attachments: [],
    at: at(seq),
    ...more,
  };
}

export function anAttachment(id: string, more: Partial<Attachment> = {}): Attachment {
  return {
    id,
    name: 'brief.txt',
    type: 'text/plain',
    size: 11,
    width: null,
    height: null,
    preview: null,
    ...more,
  };
}

export function anEvent(seq: number, more: Partial<OrderEvent> = {}): OrderEvent {
  return {
    type: 'order',
    seq,
    event: 'created',
    order_id: 'o1',
    by: BOB.id,
    at: at(seq),
    data: {},
    ...more,
  };
}

export function aConversation(id: string, more: Partial<Conversation> = {}): Conversation {
  return {
    id,
    kind: 'direct',
    order_id: null,
    order: null,
    with: BOB,
    last_message: null,
    last_seq: 0,
    read_seq: 0,
    unread: 0,
    starred: false,
    archived: false,
    muted: false,
    active_at: at(0),
    ...more,
  };
}

export function aSnapshot(more: Partial<ThreadSnapshot> = {}): ThreadSnapshot {
  return {
    conversation: aConversation('t1'),
    receipts: {},
    can_send: true,
    can_send_reason: null,
    ...more,
  };
}

export function anOrder(id: string, more: Partial<Order> = {}): Order {
  return {
    id,
    number: `FO-${id}`,
    service: { id: 's1', title: 'Logo design' },
    seller: ALICE,
    buyer: BOB,
    price: { amount: 12_050, currency: 'EUR' },
    status: 'in_progress',
    lateness: 'on_time',
    created_at: at(0),
    due_at: at(60),
    review_ends_at: null,
    conversation_id: `t-${id}`,
    requirements: { status: 'none', required: 0, answered: 0, total: 0 },
    available_actions: [],
    pending_request: null,
    version: 1,
    ...more,
  };
}

export function anOrderPage(id: string, more: Partial<OrderPage> = {}): OrderPage {
  return {
    ...anOrder(id),
    timeline: [],
    notes: [],
    plan: null,
    welcome: null,
    direct_conversation_id: null,
    recent_messages: [],
    ...more,
  };
}

export function aNote(id: string, more: Partial<Note> = {}): Note {
  return { id, body: `note ${id}`, created_at: at(0), updated_at: at(0), ...more };
}

export function aTask(id: string, more: Partial<Task> = {}): Task {
  return { id, title: `task ${id}`, due_at: null, done: false, ...more };
}

export function aPlan(more: Partial<Plan> = {}): Plan {
  return { tasks: [], approval: 'none', version: 1, ...more };
}

export function aContact(id: string, more: Partial<Contact> = {}): Contact {
  return {
    person: { id, name: id, avatar_url: null },
    completed_orders: 0,
    totals: [],
    last_order_at: at(0),
    conversation_id: `d-${id}`,
    ...more,
  };
}

export function aQuestion(id: string, more: Partial<Question> = {}): Question {
  return {
    id,
    kind: 'text',
    prompt: `${id}?`,
    required: false,
    options: [],
    multiple: false,
    ...more,
  };
}

export function aForm(more: Partial<RequirementsForm> = {}): RequirementsForm {
  return {
    questions: [aQuestion('name', { required: true }), aQuestion('mood')],
    answers: {},
    draft: null,
    attachments: [],
    status: 'pending',
    submitted_at: null,
    version: 0,
    versions: [],
    may_change: true,
    ...more,
  };
}

/** Notes as a browser keeps them for a page. */
export class MemoryNotes {
  readonly #notes = new Map<string, string>();

  get size(): number {
    return this.#notes.size;
  }

  getItem(key: string): string | null {
    return this.#notes.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#notes.set(key, value);
  }

  removeItem(key: string): void {
    this.#notes.delete(key);
  }
}

export function aNotification(id: string, more: Partial<Notification> = {}): Notification {
  return {
    id,
    category: 'new_order',
    title: 'New order',
    body: '',
    at: at(0),
    read_at: null,
    link: '/orders/o1',
    cause: `order:${id}`,
    order_id: null,
    conversation_id: null,
    ...more,
  };
}

/** A JWT as far as a client looks into it. */
export function aToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.signature`;
}

export function aPage<T>(items: readonly T[], next_cursor: string | null = null) {
  return { items, next_cursor };
}
