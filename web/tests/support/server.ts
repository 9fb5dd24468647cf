/** A server on the other end of the SDK's own WebSocket, in memory. */

import { turns } from './api.ts';

interface Command {
  readonly id?: number;
  readonly connect?: { token?: string; data?: unknown; subs?: unknown };
  readonly subscribe?: { channel: string; recover?: boolean; offset?: number; epoch?: string };
  readonly unsubscribe?: { channel: string };
  readonly rpc?: { method: string; data: unknown };
  readonly send?: { data: unknown };
}

export class FakeServer {
  readonly sockets: FakeWebSocket[] = [];
  /** All commands that came, pongs aside. */
  readonly commands: Command[] = [];
  /** Answers to connect, by its token. */
  connect: (token: string) => object = () => ({ client: 'c1', version: '1', ping: 25, pong: true });

  /** What to give the SDK for its WebSocket. */
  get websocket(): typeof WebSocket {
    const server = this;
    return class extends FakeWebSocket {
      constructor(url: string) {
        super(url, server);
      }
    } as unknown as typeof WebSocket;
  }

  get newest(): FakeWebSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('nobody has connected');
    return socket;
  }

  of(kind: keyof Command): Command[] {
    return this.commands.filter((command) => command[kind] !== undefined);
  }

  async push(...replies: readonly object[]): Promise<void> {
    this.newest.tell(...replies);
    await turns();
  }

  /** Answers the newest subscribe of a channel. */
  async subscribed(channel: string, result: object): Promise<void> {
    const command = this.of('subscribe').findLast(
      ({ subscribe }) => subscribe?.channel === channel,
    );
    if (!command) throw new Error(`nobody subscribed to ${channel}`);
    await this.push({ id: command.id, subscribe: result });
  }

  async publish(channel: string, data: object, offset?: number): Promise<void> {
    const position = offset === undefined ? {} : { offset };
    await this.push({ push: { channel, pub: { data, ...position } } });
  }

  take(command: Command): void {
    if (Object.keys(command).length === 0) return;
    this.commands.push(command);
    if (command.connect) this.#answerConnect(command.id, command.connect.token ?? '');
    if (command.unsubscribe) this.newest.tell({ id: command.id, unsubscribe: {} });
  }

  #answerConnect(id: number | undefined, token: string): void {
    const answer = this.connect(token) as { close?: [number, string]; error?: object };
    if (answer.close) this.newest.shut(...answer.close);
    else this.newest.tell(answer.error ? { id, error: answer.error } : { id, connect: answer });
  }
}

export class FakeWebSocket {
  readonly url: string;
  readonly #server: FakeServer;
  readyState = 0;
  binaryType = 'blob';
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;

  constructor(url: string, server: FakeServer) {
    this.url = url;
    this.#server = server;
    server.sockets.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.({});
    });
  }

  send(frame: string): void {
    for (const line of frame.split('\n')) this.#server.take(JSON.parse(line) as Command);
  }

  close(code = 1000, reason = ''): void {
    this.shut(code, reason);
  }

  tell(...replies: readonly object[]): void {
    const data = replies.map((reply) => JSON.stringify(reply)).join('\n');
    queueMicrotask(() => this.onmessage?.({ data }));
  }

  shut(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({ code, reason, wasClean: true }));
  }
}
