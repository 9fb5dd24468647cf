/** An order in words: where it stands, and how long is left. */

import type { Order, OrderBadge, OrderStatus } from '../client/index.ts';
import type { Language } from './language/language.ts';

export type Tone = 'calm' | 'good' | 'warn' | 'bad' | 'idle';

/** The clock of the seller runs. */
const RUNNING: ReadonlySet<OrderStatus> = new Set(['in_progress', 'in_revision']);

const TONES: Readonly<Record<OrderStatus, Tone>> = {
  awaiting_requirements: 'warn',
  in_progress: 'calm',
  in_revision: 'calm',
  delivered: 'good',
  completed: 'good',
  cancelled: 'idle',
};

type Standing = Pick<OrderBadge, 'status' | 'due_at'> & Partial<Pick<Order, 'review_ends_at'>>;

export interface Words {
  readonly tone: Tone;
  readonly text: string;
}

export function isLate({ status, due_at }: Standing, now: number): boolean {
  return RUNNING.has(status) && due_at !== null && Date.parse(due_at) < now;
}

export function statusOf(order: Standing, language: Language): Words {
  return { tone: TONES[order.status], text: language.t(`status.${order.status}`) };
}

/** `FO-2041 · In progress · due in 1 d 4 h` */
export function lineOf(
  order: Standing & { readonly number: string },
  language: Language,
  now: number,
): Words {
  const standing = statusOf(order, language);
  const left = timeLeft(order, language, now);
  if (isLate(order, now)) return { tone: 'bad', text: dotted(order.number, left) };
  return { tone: standing.tone, text: dotted(order.number, standing.text, left) };
}

/** What is left of the time that counts at present, in words; null while none does. */
export function timeLeft(order: Standing, language: Language, now: number): string | null {
  if (order.status === 'delivered' && order.review_ends_at) {
    return language.t('order.review', {
      duration: language.duration(Date.parse(order.review_ends_at) - now),
    });
  }
  if (!RUNNING.has(order.status) || !order.due_at) return null;
  const left = Date.parse(order.due_at) - now;
  const duration = language.duration(left);
  return language.t(left < 0 ? 'order.due.late' : 'order.due.soon', { duration });
}

export function requirementsOf(
  { status, required, answered, total }: Order['requirements'],
  language: Language,
): string {
  if (status === 'none') return language.t('order.requirements.none');
  if (status === 'skipped') return language.t('order.requirements.skipped');
  return language.t('order.requirements.count', { answered, total: total ?? required });
}

export function dotted(...parts: readonly (string | null)[]): string {
  return parts.filter(Boolean).join(' · ');
}

export function firstName(name: string): string {
  return name.trim().split(/\s+/)[0] ?? name;
}
