/** The shapes of the HTTP API and of the publications on the socket. Times are RFC 3339, UTC. */

import type { Order, OrderStatus } from './order-types.ts';

export type * from './order-types.ts';
export { isActive } from './order-types.ts';

export interface Money {
  /** In minor units: cents. */
  readonly amount: number;
  readonly currency: string;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly avatar_url: string | null;
}

export interface Account extends Person {
  readonly locale: string;
  readonly timezone: string;
}

export interface LastMessage {
  readonly seq: number;
  readonly sender: string;
  readonly preview: string;
  readonly at: string;
}

/** What a conversation's row shows of its order. */
export interface OrderBadge {
  readonly id: string;
  readonly number: string;
  readonly title: string;
  readonly status: OrderStatus;
  readonly due_at: string | null;
}

export interface Conversation {
  readonly id: string;
  readonly kind: 'order' | 'direct';
  readonly order_id: string | null;
  readonly order: OrderBadge | null;
  readonly with: Person;
  readonly last_message: LastMessage | null;
  readonly last_seq: number;
  readonly read_seq: number;
  readonly unread: number;
  readonly starred: boolean;
  readonly archived: boolean;
  readonly muted: boolean;
  readonly active_at: string;
  /** What was kept on a device before it was told everywhere has none. */
  readonly can_send?: boolean;
  readonly can_send_reason?: string | null;
}

/** A file that is part of something; `GET /v1/attachments/{id}` gives links to it that expire. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** In pixels; null for what is no picture. */
  readonly width: number | null;
  readonly height: number | null;
  /** How large the small picture is that there is of a picture. */
  readonly preview: { readonly width: number; readonly height: number } | null;
}

/** An attachment as its own address shows it: with links that need no token, for a while. */
export interface LinkedAttachment extends Attachment {
  readonly status: 'uploading' | 'ready' | 'infected';
  readonly received: number;
  readonly url: string | null;
  readonly preview_url: string | null;
  readonly url_expires_at: string | null;
}

export interface Message {
  readonly type: 'message';
  readonly seq: number;
  readonly id: string;
  readonly sender: string;
  readonly client_id: string | null;
  readonly body: string;
  readonly reply_to: number | null;
  readonly attachments: readonly Attachment[];
  readonly at: string;
  readonly edited_at?: string | null;
  readonly deleted_at?: string | null;
}

export interface OrderEvent {
  readonly type: 'order';
  readonly seq: number;
  readonly event: string;
  readonly order_id: string;
  readonly by: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a thread shows: anything with a sequence number that is not a change of another entry. */
export type Entry = Message | OrderEvent;

export interface Edit {
  readonly type: 'edit';
  readonly seq: number;
  readonly of: number;
  readonly body: string;
  readonly by: string;
  readonly at: string;
}

export interface Deletion {
  readonly type: 'delete';
  readonly seq: number;
  readonly of: number;
  readonly by: string;
  readonly at: string;
}

export interface Typing {
  readonly type: 'typing';
  readonly account: string;
  readonly typing: boolean;
  /** Seconds. */
  readonly expires_in: number;
}

export interface Receipt {
  readonly read_seq: number;
  readonly delivered_seq: number;
}

export interface ReceiptNews extends Receipt {
  readonly type: 'receipt';
  readonly account: string;
}

export type ThreadPublication = Message | OrderEvent | Edit | Deletion | Typing | ReceiptNews;

export interface ThreadSnapshot {
  readonly conversation: Conversation;
  readonly receipts: Readonly<Record<string, Receipt>>;
  readonly can_send: boolean;
  readonly can_send_reason: string | null;
}

export interface Badge {
  readonly unread_conversations: number;
  readonly unread_notifications: number;
}

export type InboxPublication =
  | { readonly type: 'conversation'; readonly conversation: Conversation }
  | { readonly type: 'order'; readonly order: Order }
  | { readonly type: 'notification'; readonly notification: Notification }
  | { readonly type: 'draft'; readonly draft: Draft }
  | ({ readonly type: 'badge' } & Badge);

/** What is begun and not sent yet; of two the higher version counts. */
export interface Draft {
  readonly conversation_id: string;
  readonly body: string;
  readonly version: number;
}

/** A contact detail in a text: the characters from `start` up to `end`. */
export interface FoundDetail {
  readonly kind: 'email' | 'phone' | 'messenger';
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What was found in a text between two who have no order yet, and what becomes of it. */
export interface ContactDetails {
  readonly mode: 'warn' | 'mask' | 'hold';
  readonly found: readonly FoundDetail[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

export interface Notification {
  readonly id: string;
  readonly category: Category;
  readonly title: string;
  readonly body: string;
  readonly at: string;
  readonly read_at: string | null;
  /** A path of this app. */
  readonly link: string;
  readonly cause: string;
  readonly order_id: string | null;
  readonly conversation_id: string | null;
}

/** One line of the ledger: what was decided about a notification on one channel, and why. */
export interface TraceStep {
  readonly at: string;
  readonly channel: DeliveryChannel;
  readonly target: string;
  readonly decision: string;
  readonly reason: string;
  readonly detail: string;
  /** The reason in words, where the server has them. */
  readonly explanation?: string;
}

export interface Trace {
  readonly notification: Notification;
  readonly account: string;
  readonly steps: readonly TraceStep[];
}

export interface MessagePage {
  readonly items: readonly Entry[];
  readonly has_before: boolean;
  readonly has_after: boolean;
}

export const CATEGORIES = [
  'new_order',
  'order_update',
  'order_message',
  'inbox_message',
  'reminder',
  'service',
] as const;
export type Category = (typeof CATEGORIES)[number];
export type DeliveryChannel = 'push' | 'email';

export interface QuietHours {
  readonly start: string;
  readonly end: string;
  readonly except: readonly Category[];
}

export interface PreferenceValues {
  readonly locale: string;
  readonly timezone: string;
  readonly quiet_hours: QuietHours | null;
  readonly categories: Readonly<Record<Category, Readonly<Record<DeliveryChannel, boolean>>>>;
  readonly email_after_minutes: number;
}

/** A text that one sends often, with `{name}` and `{order}` in it. */
export interface QuickReply {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/** A browser that shows pushes. */
export interface Device {
  readonly id: string;
  readonly label: string;
  readonly created_at: string;
}

/** Somebody of whom one wants to hear nothing outside of orders. */
export interface Block {
  readonly person: Person;
  readonly blocked_at: string;
}

export const REPORT_REASONS = ['spam', 'abuse', 'fraud', 'off_platform', 'other'] as const;
export type ReportReason = (typeof REPORT_REASONS)[number];

export interface Report {
  readonly account_id: string;
  readonly reason: ReportReason;
  readonly comment: string;
  readonly conversation_id: string;
  /** The message that it is about. */
  readonly seq?: number;
}

export interface FoundMessage {
  readonly conversation_id: string;
  readonly message: Message;
  readonly snippet: string;
  /** Where in the snippet the words are: from, to. */
  readonly hits: readonly (readonly [from: number, to: number])[];
}

export interface Found {
  readonly messages: readonly FoundMessage[];
  readonly people: readonly Person[];
  readonly orders: readonly Order[];
}
