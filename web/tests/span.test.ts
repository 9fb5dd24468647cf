import { beforeEach, describe, expect, it } from 'vitest';
import { FEW, Heights, has } from '../components/span.ts';

const ROW = 50;
const row = (at: number) => ({ id: `r${at}` });
const rows = Array.from({ length: 1_000 }, (_, at) => row(at));
const ALL = rows.length * ROW;

let heights: Heights<{ id: string }>;

beforeEach(() => {
  heights = new Heights(
    ({ id }) => id,
    () => ROW,
  );
});

describe('the rows in the page', () => {
  it('are all of them when they are few', () => {
    const few = rows.slice(0, FEW);
    const span = heights.span(few, { top: 0, height: 500 }, 0);
    expect(span).toEqual({ from: 0, to: FEW, before: 0, after: 0 });
  });

  it('are those in sight and some around them, with space for the rest', () => {
    const span = heights.span(rows, { top: 10_000, height: 500 }, 1_000);
    expect(span).toEqual({ from: 180, to: 231, before: 9_000, after: ALL - 231 * ROW });
  });

  it('are the last ones for who looks beyond the end, and the first before the start', () => {
    const end = heights.span(rows, { top: Number.POSITIVE_INFINITY, height: 500 }, 100);
    expect(end).toEqual({ from: 988, to: 1_000, before: 988 * ROW, after: 0 });
    const start = heights.span(rows, { top: -5_000, height: 500 }, 100);
    expect(start).toMatchObject({ from: 0, before: 0, to: 13 });
  });

  it('go by how high they were when somebody saw them', () => {
    heights.measured('r0', 2_050);
    const span = heights.span(rows, { top: 2_000, height: 500 }, 0);
    expect(span).toMatchObject({ from: 0, to: 11, after: 989 * ROW });
    expect(heights.before(rows, 2)).toBe(2_100);
    heights.forget();
    expect(heights.before(rows, 2)).toBe(100);
  });

  it('take as much space as all of them, wherever one looks', () => {
    for (const [at, { id }] of rows.entries()) heights.measured(id, 20 + (at % 7) * 13);
    const total = heights.before(rows, rows.length);
    for (let top = 0; top < total; top += 997) {
      const { from, to, before, after } = heights.span(rows, { top, height: 700 }, 300);
      const here = heights.before(rows, to) - heights.before(rows, from);
      expect(before + here + after).toBe(total);
      expect(before).toBeLessThanOrEqual(Math.min(top, total - 700));
      expect(before + here).toBeGreaterThanOrEqual(Math.min(top + 700, total));
    }
  });
});

describe('a span', () => {
  it('has another when nothing of it is missing', () => {
    const span = { from: 10, to: 20, before: 0, after: 0 };
    expect(has(span, { ...span, from: 12 })).toBe(true);
    expect(has(span, { ...span, from: 9 })).toBe(false);
    expect(has(span, { ...span, to: 21 })).toBe(false);
  });
});
