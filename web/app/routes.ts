/** The addresses of the app's pages. */

export type Route =
  | { readonly page: 'inbox'; readonly conversation: string | null }
  | { readonly page: 'orders' }
  | { readonly page: 'order'; readonly order: string }
  | { readonly page: 'alerts' }
  | { readonly page: 'settings' }
  | { readonly page: 'unknown' };

const ROUTES: readonly (readonly [pattern: RegExp, route: (id: string) => Route])[] = [
  [/^\/$/, () => ({ page: 'inbox', conversation: null })],
  [/^\/inbox\/([^/]+)$/, (conversation) => ({ page: 'inbox', conversation })],
  [/^\/orders$/, () => ({ page: 'orders' })],
  [/^\/orders\/([^/]+)$/, (order) => ({ page: 'order', order })],
  [/^\/notifications$/, () => ({ page: 'alerts' })],
  [/^\/settings$/, () => ({ page: 'settings' })],
];

export const PATHS = {
  inbox: '/',
  orders: '/orders',
  alerts: '/notifications',
  settings: '/settings',
} as const;

export function routeOf(path: string): Route {
  for (const [pattern, route] of ROUTES) {
    const found = pattern.exec(path);
    const id = found && decoded(found[1] ?? '');
    if (typeof id === 'string') return route(id);
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
