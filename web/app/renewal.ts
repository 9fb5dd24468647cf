/** Fresh tokens. Only the demo gives them away; elsewhere one comes back from the marketplace. */

import { type GetToken, SignedOut } from '../client/index.ts';

export function renewalOf(account: string, renewed: (token: string) => void): GetToken {
  return async () => {
    const response = await fetch('/demo/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account }),
    });
    if (response.status >= 500) throw new Error(`no token: ${response.status}`);
    if (!response.ok) throw new SignedOut('the token has expired');
    const { token } = (await response.json()) as { token: string };
    renewed(token);
    return token;
  };
}
