/** The typed client: `connect()` and the stores that it keeps up to date. */

export { type FieldError, Problem } from './api.ts';
export { Blocks } from './blocks.ts';
export { Client, type ConnectOptions, connect } from './client.ts';
export { CONTACT_SORTS, type ContactSort, Contacts, type ContactsState } from './contacts.ts';
export { Devices, deviceName } from './devices.ts';
export { Drafts } from './drafts.ts';
export { FILTERS, type Filter, type Flags, Inbox, type InboxState } from './inbox.ts';
export { Me, type MeState } from './me.ts';
export { Notifications, type NotificationsState } from './notifications.ts';
export { type Readable, Store } from './observable.ts';
export { OrderDetails, type OrderPageState } from './order-details.ts';
export { OrderPapers } from './order-papers.ts';
export { Orders, type OrdersState, type Role } from './orders.ts';
export { Outbox } from './outbox.ts';
export { Preferences } from './preferences.ts';
export { Push, type PushState } from './push.ts';
export { filledIn, matching, QuickReplies, type QuickReplyText } from './quick-replies.ts';
export { IndexedDbRecall, type Recall } from './recall.ts';
export {
  gapsIn,
  isAnswered,
  Requirements,
  type RequirementsState,
  type Saving,
} from './requirements.ts';
export { Search, type SearchState } from './search.ts';
export { IndexedDbShelf, MemoryShelf, type Shelf, type Unsent } from './shelf.ts';
export type { ConnectionState } from './socket.ts';
export { Thread, type Written } from './thread.ts';
export type { ThreadState } from './thread-state.ts';
export { Together } from './together.ts';
export { accountOf, type GetToken, SignedOut } from './tokens.ts';
export type * from './types.ts';
export { CATEGORIES, isActive, REPORT_REASONS } from './types.ts';
