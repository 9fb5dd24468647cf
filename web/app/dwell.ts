/** Whoever looks at something for a while has seen it; a glance in passing does not count. */

export class Dwell {
  readonly #while: number;
  #subject: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number) {
    this.#while = ms;
  }

  /** Takes note of what is looked at now, null for nothing; calls `seen` when that has lasted. */
  on(subject: string | null, seen: () => void): void {
    if (subject === this.#subject && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#subject = subject;
    this.#timer = undefined;
    if (subject === null) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      seen();
    }, this.#while);
  }
}
