/** All elements; importing this defines them. */

export { OrderwireAbout } from './about.ts';
export { OrderwireBlocks } from './blocks.ts';
export { OrderwireConnection } from './connection.ts';
export { OrderwireContacts } from './contacts.ts';
export { OrderwireInbox } from './inbox.ts';
export { OrderwireOrder } from './order.ts';
export { OrderwirePreferences } from './preferences.ts';
export { OrderwireQuickReplies } from './quick-replies.ts';
export { OrderwireSearch } from './search.ts';
export { OrderwireThread } from './thread.ts';
