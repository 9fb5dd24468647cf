/** Answers of the API after which asking again is no use. */

import { Problem } from './api.ts';

/** Not there, not ours, or no id at all; or nobody's, for who is not known any more. */
const GONE: ReadonlySet<number> = new Set([400, 401, 403, 404]);

export function isGone(error: unknown): boolean {
  return error instanceof Problem && GONE.has(error.status);
}
