/** `<orderwire-alerts-page>`: what one should know, and why one was told how. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Category, Client, Notification } from '../../client/index.ts';
import type { Connection } from '../../components/connection.ts';
import { type Icon, icon } from '../../components/icons.ts';
import { Live } from '../../components/live.ts';
import { look } from '../../components/look.ts';
import { emptyItem, Virtual } from '../../components/virtual.ts';
import { pageStyles } from './page-styles.ts';
import './why.ts';

const ICONS: Readonly<Record<Category, Icon>> = {
  new_order: 'order',
  order_update: 'box',
  order_message: 'inbox',
  inbox_message: 'inbox',
  reminder: 'clock',
  service: 'tick',
};

const NEAR_END_PX = 400;
const ROW_PX = 88;

@customElement('orderwire-alerts-page')
export class OrderwireAlertsPage extends LitElement {
  static override styles = [
    look,
    pageStyles,
    css`
      li {
        position: relative;
        display: grid;
        grid-template-columns: 40px minmax(0, 1fr);
        column-gap: var(--s3);
        padding: var(--s3) 0;
        border-bottom: 1px solid var(--line);
      }
      .sign {
        width: 40px;
        height: 40px;
        border-radius: 50%;
        display: grid;
        place-items: center;
        background: var(--pane);
        color: var(--text-2);
      }
      .unread .sign {
        background: var(--accent-soft);
        color: var(--accent);
      }
      a {
        display: block;
        color: inherit;
      }
      a:hover .name {
        color: var(--accent);
      }
      .name {
        font-weight: 500;
        overflow-wrap: anywhere;
      }
      .unread .name {
        font-weight: 600;
      }
      .text {
        color: var(--text-2);
        overflow-wrap: anywhere;
      }
      .dot {
        flex: none;
        width: 8px;
        height: 8px;
        border-radius: 50%;
        background: var(--accent);
      }
      .failed {
        color: var(--bad);
      }
    `,
  ];

  @state() private failed = false;
  readonly #live = new Live(this);
  readonly #virtual = new Virtual(this, ROW_PX);

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('scroll', this.#nearEnd);
  }

  override render() {
    return this.#live.with((connection) => {
      const { client, language } = connection;
      const { loaded, items } = this.#live.read(client.notifications.state);
      const unread = this.#live.read(client.me.state)?.unread_notifications ?? 0;
      const { from, to, before, after } = this.#virtual.of(items.map(({ id }) => id));
      return html`<div class="inner slim">
        <div class="headline">
          <h1 class="title grow">${language.t('alerts.title')}</h1>
          ${
            unread > 0
              ? html`<button class="btn s" type="button" @click=${() => this.#readAll(client)}>
                  ${language.t('alerts.read')}
                </button>`
              : nothing
          }
        </div>
        ${
          this.failed
            ? html`<p class="small failed" role="alert">${language.t('alerts.failed')}</p>`
            : nothing
        }
        <ul data-rows aria-label=${language.t('alerts.list')} aria-busy=${!loaded}>
          ${emptyItem(before)}
          ${repeat(
            items.slice(from, to),
            ({ id }) => id,
            (one) => this.#row(one, connection),
          )}
          ${emptyItem(after)}
        </ul>
        ${
          loaded && items.length === 0
            ? html`<div class="blank">${icon('bell')}${language.t('alerts.empty')}</div>`
            : nothing
        }
      </div>`;
    });
  }

  #row(one: Notification, { client, language, clock }: Connection): TemplateResult {
    const unread = one.read_at === null;
    const now = this.#live.read(clock);
    return html`<li data-row=${one.id} class=${unread ? 'unread' : ''}>
      <div class="sign">${icon(ICONS[one.category] ?? 'bell')}</div>
      <div>
        <a href=${one.link} @click=${() => this.#seen(client, one)}>
          <div class="row">
            <span class="name grow" dir="auto">${one.title}</span>
            ${
              unread
                ? html`<span class="dot" role="img" aria-label=${language.t('alerts.unread')}></span>`
                : nothing
            }
            <time class="meta">${language.recent(one.at, now)}</time>
          </div>
          <div class="text" dir="auto">${one.body}</div>
        </a>
        <orderwire-why .notification=${one.id}></orderwire-why>
      </div>
    </li>`;
  }

  #seen(client: Client, { id }: Notification): void {
    void client.notifications.seen((one) => one.id === id).catch(staysUnread);
  }

  async #readAll(client: Client): Promise<void> {
    this.failed = false;
    await client.notifications.readAll().catch(() => {
      this.failed = true;
    });
  }

  #nearEnd(): void {
    if (this.scrollHeight - this.scrollTop - this.clientHeight > NEAR_END_PX) return;
    void this.#live.connection?.client.notifications.loadMore().catch(staysUnread);
  }
}

/** Until it is looked at again. */
function staysUnread(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-alerts-page': OrderwireAlertsPage;
  }
}
