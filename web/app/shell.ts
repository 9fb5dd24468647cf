/** `<orderwire-shell>`: the ways through the app, and the page that one is on. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type { Client, Inbox, Notification } from '../client/index.ts';
import type { Connection } from '../components/connection.ts';
import { type Icon, icon } from '../components/icons.ts';
import type { LinkWanted } from '../components/link-wanted.ts';
import { Live } from '../components/live.ts';
import { look } from '../components/look.ts';
import type { OrderwireOrder } from '../components/order.ts';
import '../components/order.ts';
import { showCount } from './attention.ts';
import './connection-state.ts';
import { Dwell } from './dwell.ts';
import './pages/alerts.ts';
import './pages/contacts.ts';
import './pages/inbox.ts';
import './pages/orders.ts';
import './pages/settings.ts';
import type { Router } from './router.ts';
import { PATHS, type Route } from './routes.ts';
import { railStyles } from './shell-styles.ts';

type Place = keyof typeof PATHS;

const SEEN_AFTER_MS = 3_000;

const ICONS: Readonly<Record<Place, Icon>> = {
  inbox: 'inbox',
  orders: 'order',
  contacts: 'people',
  alerts: 'bell',
  settings: 'settings',
};

const PLACES: readonly Place[] = ['inbox', 'orders', 'contacts', 'alerts', 'settings'];

/** To which of the places a page belongs. */
const PLACE: Readonly<Record<Route['page'], Place | null>> = {
  inbox: 'inbox',
  orders: 'orders',
  order: 'orders',
  contacts: 'contacts',
  alerts: 'alerts',
  settings: 'settings',
  unknown: null,
};

@customElement('orderwire-shell')
export class OrderwireShell extends LitElement {
  static override styles = [
    look,
    railStyles,
    css`
      .blank {
        height: 100%;
      }
    `,
  ];

  @property({ attribute: false }) router!: Router;
  @query('main') private main!: HTMLElement | null;
  readonly #live = new Live(this);
  readonly #dwell = new Dwell(SEEN_AFTER_MS);
  readonly #attention = () => this.requestUpdate();
  #page: Route['page'] | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('focus', this.#attention);
    window.addEventListener('blur', this.#attention);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('focus', this.#attention);
    window.removeEventListener('blur', this.#attention);
    this.#dwell.on(null, seenNextTime);
  }

  override updated(): void {
    const connection = this.#live.connection;
    if (!connection) return;
    const route = this.router.route.value;
    this.#tell(connection, route);
    // After a click on a link, reading goes on in the page that it led to.
    if (this.#page !== null && this.#page !== route.page) this.main?.focus();
    this.#page = route.page;
  }

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const route = this.#live.read(this.router.route);
      // What arrives about something that is being looked at is soon seen.
      this.#live.read(client.notifications.state);
      return html`<nav aria-label=${language.t('nav.main')}>
          <a class="skip btn" href="#main" @click=${this.#skip}>${language.t('nav.skip')}</a>
          <div class="mark">${icon('mark')}</div>
          ${PLACES.map((place) => this.#link(place, route, connection))}
        </nav>
        <main
          id="main"
          tabindex="-1"
          @left=${() => this.router.go(PATHS.inbox)}
          @link-wanted=${({ href }: LinkWanted) => this.router.go(href)}
        >
          ${this.#content(route, connection)}
        </main>
        <orderwire-connection-state></orderwire-connection-state>`;
    });
  }

  #link(place: Place, route: Route, connection: Connection): TemplateResult {
    const { language } = connection;
    const count = this.#count(place, connection);
    return html`<a href=${PATHS[place]} aria-current=${PLACE[route.page] === place ? 'page' : nothing}>
      ${icon(ICONS[place])}${language.t(`nav.${place}`)}
      ${
        count > 0
          ? html`<b class="count"
              ><span aria-hidden="true">${count > 99 ? '99+' : count}</span
              ><span class="hidden">${language.t('nav.unread', { count })}</span></b
            >`
          : nothing
      }
    </a>`;
  }

  #count(place: Place, { client }: Connection): number {
    const me = this.#live.read(client.me.state);
    if (place === 'inbox') return me?.unread_conversations ?? 0;
    return place === 'alerts' ? (me?.unread_notifications ?? 0) : 0;
  }

  #content(route: Route, { language }: Connection) {
    switch (route.page) {
      case 'inbox':
        return html`<orderwire-inbox-page
          .conversation=${route.conversation}
          .seq=${route.seq}
        ></orderwire-inbox-page>`;
      case 'orders':
        return html`<orderwire-orders-page></orderwire-orders-page>`;
      case 'order':
        return html`<orderwire-order
          .order=${route.order}
          .tab=${route.part}
          @part-shown=${this.#partShown}
        ></orderwire-order>`;
      case 'contacts':
        return html`<orderwire-contacts-page></orderwire-contacts-page>`;
      case 'alerts':
        return html`<orderwire-alerts-page></orderwire-alerts-page>`;
      case 'settings':
        return html`<orderwire-settings-page></orderwire-settings-page>`;
      case 'unknown':
        return html`<div class="blank">
          <h1 class="title">${language.t('notfound.title')}</h1>
          <p>${language.t('notfound.text')}</p>
          <a class="btn" href=${PATHS.inbox}>${language.t('notfound.home')}</a>
        </div>`;
    }
  }

  /** The address follows, so that a reload shows the same; back leaves the order. */
  #partShown({ currentTarget: page }: Event & { currentTarget: OrderwireOrder }): void {
    const links = this.#live.connection?.links;
    if (links) this.router.replace(links.order(page.order, page.tab ?? undefined));
  }

  #tell({ client, language }: Connection, route: Route): void {
    document.documentElement.lang = language.locale;
    const place = PLACE[route.page];
    const name = language.t(place ? `nav.${place}` : 'notfound.title');
    const unread = client.me.state.value?.unread_conversations ?? 0;
    showCount(`${name} · ${language.t('app.name')}`, unread);
    this.#look(client, route);
  }

  /** What the page shows is no news any more, neither as a push nor, after a while, in the feed. */
  #look(client: Client, route: Route): void {
    const here = document.visibilityState === 'visible' && document.hasFocus();
    const subject = here ? subjectOf(route, client.inbox) : null;
    const path = pathOf(route);
    if (subject) void client.push.close(path).catch(seenNextTime);
    this.#dwell.on(subject && path, () => {
      if (subject) void client.notifications.seen(isAbout(subject)).catch(seenNextTime);
    });
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.main?.focus();
  }
}

/** Where pushes lead that are about what is shown. */
function pathOf(route: Route): string {
  if (route.page === 'order') return `/orders/${encodeURIComponent(route.order)}`;
  if (route.page !== 'inbox' || !route.conversation) return location.pathname;
  return `/inbox/${encodeURIComponent(route.conversation)}`;
}

interface Subject {
  readonly order: string | undefined;
  readonly conversation: string | undefined;
}

function subjectOf(route: Route, inbox: Inbox): Subject | null {
  if (route.page === 'order') return { order: route.order, conversation: undefined };
  if (route.page !== 'inbox' || route.conversation === null) return null;
  const order = inbox.find(route.conversation)?.order_id ?? undefined;
  return { order, conversation: route.conversation };
}

function isAbout({ order, conversation }: Subject) {
  return ({ order_id, conversation_id }: Notification) =>
    (order !== undefined && order_id === order) ||
    (conversation !== undefined && conversation_id === conversation);
}

function seenNextTime(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-shell': OrderwireShell;
  }
}
