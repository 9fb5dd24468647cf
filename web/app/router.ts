/** Where in the app one is: links are followed without a new page, back and forward work. */

import { type Readable, Store } from '../client/index.ts';
import { type Route, routeOf } from './routes.ts';

export class Router {
  readonly #route = new Store<Route>(routeOf(location.pathname));

  get route(): Readable<Route> {
    return this.#route;
  }

  /** Takes over the page's links, and its history. */
  start(): void {
    document.addEventListener('click', (event) => this.#clicked(event));
    window.addEventListener('popstate', () => this.#show());
  }

  go(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path);
    this.#show();
  }

  /** Says where one is by now, without a step to go back. */
  replace(path: string): void {
    if (path !== location.pathname) history.replaceState(null, '', path);
    this.#show();
  }

  #show(): void {
    this.#route.set(routeOf(location.pathname));
  }

  #clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || isForBrowser(event)) return;
    const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement);
    if (!link || link.target || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || routeOf(link.pathname).page === 'unknown') return;
    event.preventDefault();
    this.go(link.pathname);
  }
}

/** A new tab or window is the browser's affair. */
function isForBrowser(event: MouseEvent): boolean {
  return event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
}
