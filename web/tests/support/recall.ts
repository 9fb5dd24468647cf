/** What was answered last, in memory. */

import type { Recall } from '../../client/recall.ts';

export class MemoryRecall implements Recall {
  readonly answers = new Map<string, unknown>();

  async keep(path: string, answer: unknown): Promise<void> {
    this.answers.set(path, answer);
  }

  async find(path: string): Promise<unknown> {
    return this.answers.get(path);
  }

  async forget(): Promise<void> {
    this.answers.clear();
  }
}
