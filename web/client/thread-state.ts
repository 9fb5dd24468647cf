/** What is known of a thread at a moment. */

import type { Conversation, Entry, Receipt } from './types.ts';

export interface ThreadState {
  readonly phase: 'loading' | 'ready' | 'gone';
  readonly conversation: Conversation | null;
  readonly entries: readonly Entry[];
  readonly hasBefore: boolean;
  readonly loadingBefore: boolean;
  readonly receipts: Readonly<Record<string, Receipt>>;
  readonly canSend: boolean;
  readonly canSendReason: string | null;
}

export const UNKNOWN: ThreadState = {
  phase: 'loading',
  conversation: null,
  entries: [],
  hasBefore: false,
  loadingBefore: false,
  receipts: {},
  canSend: true,
  canSendReason: null,
};

export function rightsIn({ can_send, can_send_reason }: Conversation): Partial<ThreadState> {
  if (can_send === undefined) return {};
  return { canSend: can_send, canSendReason: can_send_reason ?? null };
}
