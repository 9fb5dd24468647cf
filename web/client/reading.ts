/** How far one has read a conversation: told once it can be, and never backwards unless asked. */

import { isTemporary, type Socket } from './socket.ts';

const RETRY_MS = 2_000;

export class OwnReading {
  readonly #conversation: string;
  readonly #socket: Socket;
  #upTo = 0;
  /** What was read while it could not be told. */
  #untold = 0;

  constructor(conversation: string, socket: Socket) {
    this.#conversation = conversation;
    this.#socket = socket;
    socket.state.subscribe(() => this.#tellAgain());
  }

  /** Takes over what the server knows already. */
  known(seq: number): void {
    this.#upTo = Math.max(this.#upTo, seq);
  }

  /** Tells everybody that we have read up to `seq`; never backwards. */
  async upTo(seq: number): Promise<void> {
    const before = this.#upTo;
    if (seq <= before) return;
    this.#upTo = seq;
    try {
      await this.#tell('receipt.read', seq);
    } catch (error) {
      // A later one, if there is one, speaks for it.
      if (this.#upTo !== seq) return;
      this.#upTo = before;
      if (!isTemporary(error)) return;
      this.#untold = seq;
      setTimeout(() => this.#tellAgain(), RETRY_MS);
    }
  }

  /** Wants to read an entry, and what follows it, once more. */
  async backTo(seq: number): Promise<void> {
    await this.#tell('receipt.unread', seq);
    this.#upTo = seq - 1;
    this.#untold = 0;
  }

  #tell(method: string, seq: number): Promise<unknown> {
    return this.#socket.rpc(method, { conversation: this.#conversation, seq });
  }

  #tellAgain(): void {
    if (this.#untold === 0 || this.#socket.state.value !== 'connected') return;
    const seq = this.#untold;
    this.#untold = 0;
    void this.upTo(seq);
  }
}
