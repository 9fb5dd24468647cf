/** The addresses of the app's pages. */

import { ORDER_PARTS, type OrderPart } from '../components/happenings.ts';

export type Route =
  | { readonly page: 'inbox'; readonly conversation: string | null; readonly seq: number | null }
  | { readonly page: 'orders' }
  | { readonly page: 'contacts' }
  | { readonly page: 'order'; readonly order: string; readonly part: OrderPart | null }
  | { readonly page: 'alerts' }
  | { readonly page: 'settings' }
  | { readonly page: 'unknown' };

const ORDER = new RegExp(`^/orders/([^/]+)(?:/(${ORDER_PARTS.join('|')}))?$`);

const ROUTES: readonly (readonly [pattern: RegExp, route: (id: string, part: string) => Route])[] =
  [
    [/^\/$/, () => ({ page: 'inbox', conversation: null, seq: null })],
    [
      /^\/inbox\/([^/]+)(?:\/([1-9]\d{0,8}))?$/,
      (conversation, seq) => ({ page: 'inbox', conversation, seq: seq ? Number(seq) : null }),
    ],
    [/^\/orders$/, () => ({ page: 'orders' })],
    [ORDER, (order, part) => ({ page: 'order', order, part: (part || null) as OrderPart | null })],
    [/^\/contacts$/, () => ({ page: 'contacts' })],
    [/^\/notifications$/, () => ({ page: 'alerts' })],
    [/^\/settings$/, () => ({ page: 'settings' })],
  ];

export const PATHS = {
  inbox: '/',
  orders: '/orders',
  contacts: '/contacts',
  alerts: '/notifications',
  settings: '/settings',
} as const;

export function routeOf(path: string): Route {
  for (const [pattern, route] of ROUTES) {
    const found = pattern.exec(path);
    const id = found && decoded(found[1] ?? '');
    if (typeof id === 'string') return route(id, found?.[2] ?? '');
  }
  return { page: 'unknown' };
}

/** Null for what no address of ours can be. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
