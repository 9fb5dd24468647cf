/** The HTTP API: JSON in and out, problems (RFC 9457) as errors. */

import { toJson } from './text.ts';
import type { Tokens } from './tokens.ts';

/** What is wrong with one field of a request: `answers.name`, "is required". */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: readonly FieldError[];

  constructor(status: number, code: string, detail: string, errors: readonly FieldError[] = []) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the stores need of the API. */
export interface Requests {
  get<T>(path: string): Promise<T>;
  send<T>(method: Exclude<Method, 'GET'>, path: string, body?: unknown): Promise<T>;
}

export class Api implements Requests {
  readonly #origin: string;
  readonly #tokens: Tokens;

  constructor(origin: string, tokens: Tokens) {
    this.#origin = origin;
    this.#tokens = tokens;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  send<T>(method: Method, path: string, body?: unknown): Promise<T> {
    return this.#call<T>(method, path, body);
  }

  async #call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const token = this.#tokens.current;
    let response = await this.#fetch(method, path, body, token);
    if (response.status === 401) {
      response = await this.#fetch(method, path, body, await this.#fresher(token));
    }
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** Another call may have renewed the token while this one was on its way. */
  async #fresher(refused: string): Promise<string> {
    const { current } = this.#tokens;
    return current === refused ? this.#tokens.renew() : current;
  }

  #fetch(method: Method, path: string, body: unknown, token: string): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body === undefined) return fetch(this.#origin + path, { method, headers });
    headers['content-type'] = 'application/json';
    return fetch(this.#origin + path, { method, headers, body: toJson(body) });
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  const { status, statusText } = response;
  try {
    const { code, detail, title, errors } = JSON.parse(text) as ProblemBody;
    return new Problem(status, code ?? 'unknown', detail ?? title ?? statusText, errors);
  } catch {
    return new Problem(status, 'unknown', statusText);
  }
}

interface ProblemBody {
  readonly code?: string;
  readonly detail?: string;
  readonly title?: string;
  readonly errors?: readonly FieldError[];
}
