/** The shapes of orders, of what is done with them, and of what lies around them. */

import type { Attachment, Message, Money, Person } from './types.ts';

export type OrderStatus =
  | 'awaiting_requirements'
  | 'in_progress'
  | 'delivered'
  | 'in_revision'
  | 'completed'
  | 'cancelled';

export type Lateness = 'on_time' | 'late' | 'very_late';

export type OrderAction =
  | 'submit_requirements'
  | 'skip_requirements'
  | 'remind_requirements'
  | 'deliver'
  | 'request_revision'
  | 'accept'
  | 'request_extension'
  | 'request_cancellation'
  | 'accept_request'
  | 'decline_request'
  | 'withdraw_request'
  | 'cancel'
  | 'add_note'
  | 'send_plan'
  | 'approve_plan'
  | 'return_plan';

/** What one side asks of the other, until it is answered or ends by itself. */
export interface PendingRequest {
  readonly kind: 'extension' | 'cancellation';
  readonly by: string;
  readonly at: string;
  readonly expires_at: string;
  /** Of an extension. */
  readonly days: number;
  readonly reason: string;
}

export type RequirementsStatus = 'none' | 'pending' | 'draft' | 'submitted' | 'skipped';

export interface Order {
  readonly id: string;
  readonly number: string;
  readonly service: { readonly id: string; readonly title: string };
  readonly seller: Person;
  readonly buyer: Person;
  readonly price: Money;
  readonly status: OrderStatus;
  readonly lateness: Lateness;
  readonly created_at: string;
  readonly due_at: string | null;
  readonly review_ends_at: string | null;
  readonly conversation_id: string;
  readonly requirements: {
    readonly status: RequirementsStatus;
    readonly required: number;
    readonly answered: number;
    readonly total: number;
  };
  readonly available_actions: readonly OrderAction[];
  readonly pending_request: PendingRequest | null;
  readonly version: number;
}

export interface TimelineEntry {
  readonly seq: number;
  readonly type: string;
  readonly actor: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** For its author alone. */
export interface Note {
  readonly id: string;
  readonly body: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Task {
  readonly id: string;
  readonly title: string;
  readonly due_at: string | null;
  readonly done: boolean;
}

export interface Plan {
  readonly tasks: readonly Task[];
  readonly approval: 'none' | 'sent' | 'approved' | 'returned';
  readonly version: number;
}

/** The seller's first steps with a new order. */
export interface Welcome {
  readonly items: readonly { readonly id: string; readonly done: boolean }[];
}

export interface OrderPage extends Order {
  readonly timeline: readonly TimelineEntry[];
  readonly notes: readonly Note[];
  readonly plan: Plan | null;
  readonly welcome: Welcome | null;
  readonly direct_conversation_id: string | null;
  readonly recent_messages: readonly Message[];
}

export interface Question {
  readonly id: string;
  readonly kind: 'text' | 'choice' | 'file';
  readonly prompt: string;
  readonly required: boolean;
  /** Of a choice. */
  readonly options: readonly string[];
  readonly multiple: boolean;
}

/** A text, an option; options, or the ids of attachments. */
export type Answer = string | readonly string[];
export type Answers = Readonly<Record<string, Answer>>;

/** Answers as they were handed in at one time. */
export interface AnswersVersion {
  readonly version: number;
  readonly by: string;
  readonly at: string;
  readonly answers: Answers;
}

export interface RequirementsForm {
  readonly questions: readonly Question[];
  readonly answers: Answers;
  /** What the buyer has not handed in yet; shown to them alone. */
  readonly draft: Answers | null;
  /** The files that answers and draft name by their ids. */
  readonly attachments: readonly Attachment[];
  readonly status: RequirementsStatus;
  readonly submitted_at: string | null;
  readonly version: number;
  readonly versions: readonly AnswersVersion[];
  readonly may_change: boolean;
}

/** Somebody with whom one has had orders. */
export interface Contact {
  readonly person: Person;
  readonly completed_orders: number;
  /** One for each currency. */
  readonly totals: readonly Money[];
  readonly last_order_at: string | null;
  readonly conversation_id: string;
}

export function isActive(status: OrderStatus): boolean {
  return status !== 'completed' && status !== 'cancelled';
}
