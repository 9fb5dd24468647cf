/** What happened to an order, in words: in its history, and as lines in its thread. */

import type { OrderEvent, Person } from '../client/index.ts';
import type { Icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { dotted, firstName } from './order-words.ts';

/** The parts of an order's page beside its thread, each with an address of its own. */
export const ORDER_PARTS = ['requirements', 'plan', 'history', 'details'] as const;
export type OrderPart = (typeof ORDER_PARTS)[number];

/** Who reads it, and in which language. */
export interface Reader {
  readonly client: { readonly account: string };
  readonly language: Language;
}

export type What = Pick<OrderEvent, 'event' | 'by' | 'data'>;

export interface Happening {
  readonly icon: Icon;
  readonly text: string;
  /** What the one who did it said about it. */
  readonly said: string | null;
  /** Where there is more about it. */
  readonly part: OrderPart | null;
}

const ICONS: readonly (readonly [start: string, icon: Icon])[] = [
  ['requirements_reminded', 'bell'],
  ['requirements', 'list'],
  ['delivered', 'box'],
  ['revision', 'back'],
  ['completed', 'tick'],
  ['cancel', 'cross'],
  ['extension', 'clock'],
  ['plan', 'plan'],
  ['late', 'alert'],
  ['very_late', 'alert'],
];

/** The moments that stand in an event, and what to say of them. */
const MOMENTS = [
  ['due_at', 'event.due'],
  ['expires_at', 'event.ends'],
  ['review_ends_at', 'step.review'],
] as const;

const PARTS: readonly (readonly [start: string, part: OrderPart])[] = [
  ['requirements', 'requirements'],
  ['plan', 'plan'],
];

export function happeningOf(what: What, number: string, other: Person, reader: Reader): Happening {
  const { language } = reader;
  const who = whoOf(what.by, other, reader);
  const moments = MOMENTS.map(([field, key]) => {
    const at = textIn(what.data, field);
    return at && language.t(key, { date: language.moment(at) });
  });
  return {
    icon: startingAs(ICONS, what.event) ?? 'order',
    text: dotted(wordsOf(what, who, number, language), ...moments),
    said: textIn(what.data, 'message') ?? textIn(what.data, 'reason'),
    part: startingAs(PARTS, what.event),
  };
}

/** `Anna placed order FO-2041` */
function wordsOf(
  { event, by, data }: What,
  who: string,
  number: string,
  language: Language,
): string {
  const key = `event.${event}`;
  const count = typeof data.days === 'number' ? data.days : 0;
  const form = count === 1 ? 'one' : 'other';
  const words = [
    data.by_time === true ? `${key}.by_time` : null,
    by === SYSTEM ? `${key}.system` : null,
    key,
    `${key}.${form}`,
  ].flatMap((one) => (one && language.find(one, { who, number, count })) ?? []);
  return words[0] ?? language.t('event.other', { number, event: event.replaceAll('_', ' ') });
}

/** Who acts where no person does. */
const SYSTEM = 'system';

/** Who did something, as its sentence begins: `You`, `Anna`, `Du hast`, `Anna hat`. */
export function whoOf(account: string, other: Person, reader: Reader): string {
  const { client, language } = reader;
  if (account === client.account) return language.t('who.you');
  return language.t('who.other', { name: nameOf(account, other, reader) });
}

/** How an account is called: you, the other person, or whoever keeps the house. */
export function nameOf(account: string, other: Person, { client, language }: Reader): string {
  if (account === client.account) return language.t('you');
  return account === other.id ? firstName(other.name) : language.t('marketplace');
}

function textIn(data: What['data'], field: string): string | null {
  const value = data[field];
  return typeof value === 'string' && value !== '' ? value : null;
}

function startingAs<T>(table: readonly (readonly [string, T])[], name: string): T | null {
  return table.find(([start]) => name.startsWith(start))?.[1] ?? null;
}
