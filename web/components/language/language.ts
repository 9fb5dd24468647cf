/** A language: its words, and how it writes times, durations and money. */

import type { Money } from '../../client/index.ts';
import { de } from './de.ts';
import { en } from './en.ts';

export type Key = keyof typeof en;
export type Messages = Readonly<Record<Key, string>>;
/** Keys that come as `.one` and `.other`. */
export type Counted = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];
export const LOCALE_NAMES: Readonly<Record<Locale, string>> = { en: 'English', de: 'Deutsch' };

const CATALOGUES: Readonly<Record<Locale, Messages>> = { en, de };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Values = Readonly<Record<string, string | number>>;

export class Language {
  readonly locale: Locale;
  readonly #messages: Messages;
  readonly #plurals: Intl.PluralRules;
  readonly #clock: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #dated: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #month: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;

  /** Takes the nearest language that we speak: `de-AT` gets German, `fr` gets English. */
  constructor(wanted: string) {
    this.locale = LOCALES.find((locale) => wanted.toLowerCase().startsWith(locale)) ?? 'en';
    this.#messages = CATALOGUES[this.locale];
    // The English of most of the world: days before months, and no a.m.
    const region = this.locale === 'en' ? 'en-GB' : this.locale;
    this.#plurals = new Intl.PluralRules(region);
    this.#clock = new Intl.DateTimeFormat(region, { hour: '2-digit', minute: '2-digit' });
    this.#weekday = new Intl.DateTimeFormat(region, { weekday: 'short' });
    this.#date = new Intl.DateTimeFormat(region, { day: 'numeric', month: 'short' });
    this.#dated = new Intl.DateTimeFormat(region, { dateStyle: 'medium' });
    this.#day = new Intl.DateTimeFormat(region, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
    });
    this.#month = new Intl.DateTimeFormat(region, { month: 'long', year: 'numeric' });
    this.#moment = new Intl.DateTimeFormat(region, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
  }

  t(key: Key, values: Values = {}): string {
    return this.#messages[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  }

  /** Says a count in the form that the language wants for it. */
  n(stem: Counted, count: number, values: Values = {}): string {
    const form = this.#plurals.select(count) === 'one' ? 'one' : 'other';
    return this.t(`${stem}.${form}`, { ...values, count });
  }

  /** Looks up a key that is made of data; null if there is no such message. */
  find(key: string, values: Values = {}): string | null {
    return isKey(key) ? this.t(key, values) : null;
  }

  money({ amount, currency }: Money): string {
    const format = new Intl.NumberFormat(this.locale, { style: 'currency', currency });
    const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    return format.format(amount / 10 ** digits);
  }

  /** `14:05` */
  clock(at: string): string {
    return this.#clock.format(new Date(at));
  }

  /** `Tue, 24 Nov, 18:00` */
  moment(at: string): string {
    return this.#moment.format(new Date(at));
  }

  /** `Today`, or `Saturday, 21 November`: the line between two days of a thread. */
  day(at: string, now = Date.now()): string {
    return this.#near(at, now) ?? this.#day.format(new Date(at));
  }

  /** As short as a list wants it: `14:05`, `Yesterday`, `Fri`, `12 Nov`. */
  recent(at: string, now = Date.now()): string {
    const days = daysBetween(at, now);
    if (days <= 0) return this.clock(at);
    if (days === 1) return this.t('time.yesterday');
    return (days < 7 ? this.#weekday : this.#date).format(new Date(at));
  }

  /** `2 Oct 2026` */
  dated(at: string): string {
    return this.#dated.format(new Date(at));
  }

  /** `24 Nov` */
  date(at: string): string {
    return this.#date.format(new Date(at));
  }

  /** As short as a column wants it: `Sat 15:40` within a week, `12 Nov` beyond. */
  brief(at: string, now = Date.now()): string {
    const days = Math.abs(daysBetween(at, now));
    if (days >= 7) return this.#date.format(new Date(at));
    return days === 0 ? this.clock(at) : `${this.#weekday.format(new Date(at))} ${this.clock(at)}`;
  }

  /** `March 2025` */
  month(at: string): string {
    return this.#month.format(new Date(at));
  }

  /** The two largest units: `1 d 4 h`, `3 h 5 min`, `12 min`. */
  duration(ms: number): string {
    const minutes = Math.max(1, Math.floor(Math.abs(ms) / MINUTE));
    const parts = [
      ['time.days', Math.floor((minutes * MINUTE) / DAY)],
      ['time.hours', Math.floor(((minutes * MINUTE) % DAY) / HOUR)],
      ['time.minutes', minutes % 60],
    ] as const;
    const first = parts.findIndex(([, count]) => count > 0);
    return parts
      .slice(first, first + 2)
      .filter(([, count]) => count > 0)
      .map(([key, count]) => this.t(key, { count }))
      .join(' ');
  }

  #near(at: string, now: number): string | null {
    const days = daysBetween(at, now);
    if (days === 0) return this.t('time.today');
    return days === 1 ? this.t('time.yesterday') : null;
  }
}

function isKey(key: string): key is Key {
  return Object.hasOwn(en, key);
}

/** Counts midnights, not hours. */
function daysBetween(at: string, now: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(Date.parse(at))) / DAY);
}
