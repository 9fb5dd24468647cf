import { describe, expect, it } from 'vitest';
import type { OrderEvent } from '../client/index.ts';
import { happeningOf } from '../components/happenings.ts';
import { de } from '../components/language/de.ts';
import { en } from '../components/language/en.ts';
import { type Key, Language } from '../components/language/language.ts';
import { isLate, lineOf, requirementsOf } from '../components/order-words.ts';
import { ALICE, anEvent, anOrder, at, BOB } from './support/things.ts';

const english = new Language('en');
const german = new Language('de-AT');
const MINUTE = 60_000;
const ALICE_READS = { account: ALICE.id };
/** All that happens to orders, as the server calls it. */
const EVENTS = [
  'created',
  'requirements_submitted',
  'requirements_changed',
  'requirements_skipped',
  'requirements_reminded',
  'delivered',
  'revision_requested',
  'completed',
  'extension_requested',
  'extension_accepted',
  'extension_declined',
  'extension_withdrawn',
  'extension_lapsed',
  'cancellation_requested',
  'cancellation_declined',
  'cancellation_withdrawn',
  'cancelled',
  'plan_sent',
  'plan_approved',
  'plan_returned',
  'late',
  'very_late',
] as const;
const NOON = Date.parse(at(0));

describe('the catalogues', () => {
  const placeholders = (text: string) =>
    [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

  it('name the same things in each language', () => {
    for (const key of Object.keys(en) as Key[]) {
      expect(placeholders(de[key]), key).toEqual(placeholders(en[key]));
    }
  });
});

describe('a language', () => {
  it('is the nearest that we speak', () => {
    expect(german.locale).toBe('de');
    expect(new Language('fr-FR').locale).toBe('en');
  });

  it('counts', () => {
    expect(english.n('inbox.unread', 1)).toBe('1 unread message');
    expect(german.n('inbox.unread', 2)).toBe('2 ungelesene Nachrichten');
  });

  it('writes money in minor units as people do', () => {
    expect(english.money({ amount: 12_050, currency: 'EUR' })).toBe('€120.50');
    expect(german.money({ amount: 12_050, currency: 'EUR' })).toBe('120,50\u00a0€');
    expect(english.money({ amount: 500, currency: 'JPY' })).toBe('¥500');
  });

  it.each([
    [30_000, '1 min'],
    [59 * MINUTE, '59 min'],
    [60 * MINUTE, '1 h'],
    [125 * MINUTE, '2 h 5 min'],
    [28 * 60 * MINUTE, '1 d 4 h'],
    [-28 * 60 * MINUTE, '1 d 4 h'],
    [24 * 60 * MINUTE + MINUTE, '1 d'],
  ])('says %d ms as %s', (ms, words) => {
    expect(english.duration(ms)).toBe(words);
  });

  it('takes what people are called as it is', () => {
    expect(english.t('thread.typing', { name: '{name} $& <b>' })).toBe('{name} $& <b> is writing');
  });
});

describe('an order in words', () => {
  it('says how long is left, and how late it is', () => {
    const order = anOrder('1', { due_at: at(125) });
    expect(lineOf(order, english, NOON)).toEqual({
      tone: 'calm',
      text: 'FO-1 · In progress · due in 2 h 5 min',
    });
    expect(lineOf(order, german, NOON + 135 * MINUTE)).toEqual({
      tone: 'bad',
      text: 'FO-1 · 10 Min überfällig',
    });
  });

  it('is not late once it is delivered', () => {
    const delivered = anOrder('1', { status: 'delivered', review_ends_at: at(60) });
    expect(isLate(delivered, NOON + 999 * MINUTE)).toBe(false);
    expect(lineOf(delivered, english, NOON).text).toBe('FO-1 · Delivered · review ends in 1 h');
  });

  it('says how far the requirements are', () => {
    const some = { status: 'draft', required: 1, answered: 2, total: 5 } as const;
    expect(requirementsOf(some, english)).toBe('2 of 5');
    expect(requirementsOf({ ...some, status: 'none' }, english)).toBe('None');
  });
});

describe('what happened to an order', () => {
  const told = (more: Partial<OrderEvent>, language = english) =>
    happeningOf(anEvent(1, more), 'FO-1', BOB, { client: ALICE_READS, language });

  it('is said in words, also where there are none for it', () => {
    expect(told({})).toMatchObject({ text: 'Bob placed order FO-1', said: null, part: null });
    expect(told({ by: 'alice' }, german).text).toBe('Du hast Auftrag FO-1 erteilt');
    expect(told({ event: 'sent_to_moon' }).text).toBe('Order FO-1: sent to moon');
  });

  it.each(EVENTS)('has words for %s in each language, from whoever it comes', (event) => {
    const texts = ['bob', 'alice', 'system'].flatMap((by) => [
      told({ event, by }).text,
      told({ event, by }, german).text,
    ]);
    for (const text of texts) expect(text).not.toMatch(/[_{}]|FO-1:/);
    expect(new Set(texts).size).toBeGreaterThan(1);
  });

  it('says who did it, in the order of each language', () => {
    expect(told({ event: 'delivered' }, german).text).toBe('Bob hat geliefert');
    expect(told({ event: 'cancelled', by: 'system' }).text).toBe('The order was cancelled');
    expect(told({ event: 'completed', by: 'system', data: { by_time: true } }, german).text).toBe(
      'Die Prüfung ist zu Ende und der Auftrag abgeschlossen',
    );
  });

  it('says what was asked for, why, and until when', () => {
    const data = { days: 1, reason: 'The printer is ill', expires_at: at(60) };
    expect(told({ event: 'extension_requested', data })).toMatchObject({
      text: 'Bob asked for 1 more day · to be answered by Tue 24 Nov, 13:00',
      said: 'The printer is ill',
    });
    const more = told({ event: 'extension_requested', data: { days: 3, reason: '' } }, german);
    expect(more).toMatchObject({ text: 'Bob hat um 3 Tage mehr gebeten', said: null });
  });

  it('leads to where there is more about it', () => {
    expect(told({ event: 'requirements_submitted' }).part).toBe('requirements');
    expect(told({ event: 'plan_sent' }).part).toBe('plan');
    expect(told({ event: 'delivered', data: { message: 'Here' } })).toMatchObject({
      icon: 'box',
      said: 'Here',
    });
  });
});
