import { afterEach, describe, expect, it, vi } from 'vitest';
import { Api, Problem } from '../client/api.ts';
import { accountOf, SignedOut, Tokens } from '../client/tokens.ts';
import { aToken } from './support/things.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a token', () => {
  it('names its account, whatever its letters', () => {
    expect(accountOf(aToken({ sub: 'zoë-ÿ~ÿ' }))).toBe('zoë-ÿ~ÿ');
  });

  it.each(['rubbish', 'a.b.c', '', aToken({}), aToken({ sub: 7 }), aToken({ sub: '' })])(
    'that is none is refused: %s',
    (token) => {
      expect(() => accountOf(token)).toThrow(SignedOut);
    },
  );
});

describe('renewing', () => {
  it('happens once for all who ask meanwhile, and again later', async () => {
    let given = 0;
    const tokens = new Tokens('old', async () => {
      given += 1;
      return `new ${given}`;
    });
    expect(await Promise.all([tokens.renew(), tokens.renew()])).toEqual(['new 1', 'new 1']);
    expect(tokens.current).toBe('new 1');
    expect(await tokens.renew()).toBe('new 2');
  });

  it('that is impossible signs out', async () => {
    const tokens = new Tokens('old', () => Promise.reject(new SignedOut('no more')));
    await expect(tokens.renew()).rejects.toThrow(SignedOut);
    expect(tokens.signedOut.value).toBe(true);
  });

  it('that merely failed does not, and may be tried again', async () => {
    const answers = [Promise.reject(new TypeError('network')), Promise.resolve('new')];
    const tokens = new Tokens('old', () => answers.shift() ?? Promise.reject());
    await expect(tokens.renew()).rejects.toThrow('network');
    expect(tokens.signedOut.value).toBe(false);
    expect(await tokens.renew()).toBe('new');
  });
});

describe('the API', () => {
  const stage = (answer: (authorization: string) => Response) => {
    const seen: string[] = [];
    vi.stubGlobal('fetch', async (_: string, { headers }: { headers: Record<string, string> }) => {
      seen.push(headers.authorization ?? '');
      return answer(headers.authorization ?? '');
    });
    const tokens = new Tokens('old', async () => 'new');
    return { api: new Api('http://here', tokens), tokens, seen };
  };
  const onlyNew = (authorization: string) =>
    authorization === 'Bearer new'
      ? Response.json({ fine: true })
      : new Response('', { status: 401 });

  it('renews an expired token and asks once more', async () => {
    const { api, seen } = stage(onlyNew);
    expect(await api.get('/v1/me')).toEqual({ fine: true });
    expect(seen).toEqual(['Bearer old', 'Bearer new']);
  });

  it('does not renew what another call has renewed meanwhile', async () => {
    let renewals = 0;
    const tokens = new Tokens('old', async () => {
      renewals += 1;
      return 'new';
    });
    const api = new Api('http://here', tokens);
    let late: (response: Response) => void = () => {};
    const answers = [
      new Promise<Response>((resolve) => {
        late = resolve;
      }),
      Promise.resolve(new Response('', { status: 401 })),
      Promise.resolve(Response.json(1)),
      Promise.resolve(Response.json(2)),
    ];
    vi.stubGlobal('fetch', () => answers.shift());
    const slow = api.get('/slow');
    expect(await api.get('/quick')).toBe(1);
    late(new Response('', { status: 401 }));
    expect(await slow).toBe(2);
    expect(renewals).toBe(1);
  });

  it('raises the problem that the server names', async () => {
    const body = { code: 'order_exists', detail: 'there is one', status: 409 };
    const { api } = stage(() => Response.json(body, { status: 409 }));
    const problem = await api.send('POST', '/v1/x', {}).catch((error) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status: 409, code: 'order_exists', message: 'there is one' });
  });

  it('raises a problem for answers that are none of ours', async () => {
    const { api } = stage(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
    await expect(api.get('/v1/me')).rejects.toMatchObject({ status: 502, code: 'unknown' });
  });

  it('takes an answer without content', async () => {
    const { api } = stage(() => new Response(null, { status: 204 }));
    expect(await api.send('DELETE', '/v1/x')).toBeUndefined();
  });
});
