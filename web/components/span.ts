/**
 * Which rows of a long list are in the page: those in sight and some around them. Empty space
 * stands for the rest, as high as they were, or as they are likely to be.
 */

/** The rows from `from` up to, and without, `to`; and what stands for the others, in pixels. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

/** What is seen of a list, in pixels from its top. */
export interface View {
  readonly top: number;
  readonly height: number;
}

/** Up to so many rows are all in the page. */
export const FEW = 200;

export class Heights<T> {
  readonly #keyOf: (row: T) => string;
  readonly #estimate: (row: T) => number;
  readonly #known = new Map<string, number>();

  constructor(keyOf: (row: T) => string, estimate: (row: T) => number) {
    this.#keyOf = keyOf;
    this.#estimate = estimate;
  }

  of(row: T): number {
    return this.#known.get(this.#keyOf(row)) ?? this.#estimate(row);
  }

  measured(key: string, height: number): void {
    this.#known.set(key, height);
  }

  /** When the width has changed, nothing is as high as it was. */
  forget(): void {
    this.#known.clear();
  }

  /** How far a row is from the top of the list. */
  before(rows: readonly T[], index: number): number {
    return this.#sum(rows, 0, index);
  }

  /** The rows that are in view, or nearer to it than `around`. */
  span(rows: readonly T[], view: View, around: number): Span {
    if (rows.length <= FEW) return { from: 0, to: rows.length, before: 0, after: 0 };
    const total = this.#sum(rows, 0, rows.length);
    // Whoever looks beyond the ends sees the ends.
    const top = Math.max(0, Math.min(view.top, total - view.height));
    const { index: from, offset: before } = this.#at(rows, top - around);
    const last = this.#at(rows, top + view.height + around);
    const to = Math.min(rows.length, last.index + 1);
    return { from, to, before, after: total - before - this.#sum(rows, from, to) };
  }

  /** The row at a distance from the top, and where it begins. */
  #at(rows: readonly T[], distance: number): { index: number; offset: number } {
    let offset = 0;
    for (const [index, row] of rows.entries()) {
      const height = this.of(row);
      if (offset + height > distance) return { index, offset };
      offset += height;
    }
    return { index: rows.length, offset };
  }

  #sum(rows: readonly T[], from: number, to: number): number {
    let sum = 0;
    for (let index = from; index < to; index += 1) {
      const row = rows[index];
      if (row !== undefined) sum += this.of(row);
    }
    return sum;
  }
}

/** Whether a span has all of another. */
export function has(span: Span, other: Span): boolean {
  return span.from <= other.from && span.to >= other.to;
}
