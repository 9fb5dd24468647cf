/** `<orderwire-demo>`: buyer and seller side by side, and all that leaves the house. */

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { icon } from '../components/icons.ts';
import { Language } from '../components/language/language.ts';
import { look } from '../components/look.ts';
import { Watch } from '../components/watch.ts';
import { demoStyles } from './demo-styles.ts';
import { Feed } from './feed.ts';
import { type DemoState, House, type Person, type Sent } from './house.ts';

/** Left and right. */
const SIDES = ['buyer', 'seller'] as const;
const RETRY_MS = 2_000;

@customElement('orderwire-demo')
export class OrderwireDemo extends LitElement {
  static override styles = [look, demoStyles];

  @property() locale = navigator.language;
  @state() private there: DemoState | null = null;
  @state() private broken = false;
  @state() private said = '';
  @state() private failed = false;
  @state() private away: ReadonlySet<string> = new Set();
  readonly #house = new House();
  readonly #feed = new Feed(this.#house);
  readonly #watch = new Watch(this);

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  override render() {
    const language = new Language(this.locale);
    const { sent, reachable } = this.#watch.read(this.#watch.keep(this.#feed).state);
    const failed = this.failed || !reachable;
    return html`<header>
        <div class="mark">${icon('mark')}</div>
        <div class="grow">
          <h1 class="head">${language.t('demo.title')}</h1>
          <p class="small">${language.t('demo.lead')}</p>
        </div>
        <button class="btn primary" type="button" ?disabled=${!this.there} @click=${this.#order}>
          ${icon('order')}${language.t('demo.order')}
        </button>
        <button
          class="btn"
          type="button"
          aria-pressed=${this.broken}
          ?disabled=${!this.there}
          @click=${this.#switchRelay}
        >
          ${icon('mail')}${language.t(this.broken ? 'demo.mend' : 'demo.break')}
        </button>
      </header>
      <main>
      <p class="said small ${failed ? 'bad' : ''}" role="status">
        ${failed ? language.t('demo.failed') : this.said}
      </p>
      <div class="apps">${SIDES.map((role) => this.#app(role, language))}</div>
      ${this.#outbox(sent, language)}
      </main>`;
  }

  #app(role: (typeof SIDES)[number], language: Language): TemplateResult {
    const person = this.there?.people.find((one) => one.role === role);
    if (!person) return html`<section class="app"></section>`;
    const away = this.away.has(person.account);
    return html`<section class="app" aria-label=${language.t(`demo.role.${role}`)}>
      <div class="bar ${away ? 'away' : ''}">
        <b class="clip">${language.t(`demo.role.${role}`)}</b>
        <span class="small clip grow">${person.name}</span>
        <button
          class="btn s"
          type="button"
          aria-pressed=${away}
          @click=${(event: Event) => this.#switchNet(person, event)}
        >
          ${language.t(away ? 'demo.online' : 'demo.offline')}
        </button>
      </div>
      <iframe
        name=${`orderwire:${role}`}
        title=${language.t('demo.frame', { name: person.name })}
        src=${person.link}
      ></iframe>
    </section>`;
  }

  #outbox(sent: readonly Sent[], language: Language): TemplateResult {
    return html`<section class="outbox" aria-labelledby="outbox">
      <div class="row">
        <div class="grow">
          <h2 class="head" id="outbox">${language.t('demo.outbox')}</h2>
          <p class="small">${language.t('demo.outbox.text')}</p>
        </div>
        <a class="btn s" href="/demo/mail" target="_blank">
          ${icon('mail')}${language.t('demo.mailbox')}
        </a>
      </div>
      ${
        sent.length > 0
          ? html`<div role="log" aria-labelledby="outbox">
              <ol class="sent">
                ${repeat(
                  sent,
                  ({ n }) => n,
                  (one) => this.#sent(one, language),
                )}
              </ol>
            </div>`
          : html`<div class="blank">${icon('bell')}${language.t('demo.empty')}</div>`
      }
    </section>`;
  }

  #sent({ kind, title, body, account, why, at }: Sent, language: Language): TemplateResult {
    const person = this.there?.people.find((one) => one.account === account);
    return html`<li class="fresh">
      <span class="kind">${icon(kind === 'push' ? 'bell' : 'mail')}</span>
      <div>
        <div class="name clip" dir="auto">${title}</div>
        <div class="small clip" dir="auto">${body}</div>
      </div>
      <div class="why">
        <div class="small">
          ${language.t(`channel.${kind}`)} ${language.t('demo.to', { name: person?.name ?? account })}
        </div>
        <div class="meta">${why || nothing}</div>
      </div>
      <time class="meta">${language.clock(at)}</time>
    </li>`;
  }

  async #load(): Promise<void> {
    try {
      this.there = await this.#house.state();
      this.broken = this.there.relay_broken;
      this.failed = false;
    } catch {
      this.failed = true;
      setTimeout(() => this.isConnected && void this.#load(), RETRY_MS);
    }
  }

  async #order(): Promise<void> {
    await this.#do(async (language) => {
      const { number } = await this.#house.placeOrder();
      return language.t('demo.ordered', { number });
    });
  }

  async #switchRelay(): Promise<void> {
    await this.#do(async (language) => {
      await this.#house.breakRelay(!this.broken);
      this.broken = !this.broken;
      return language.t(this.broken ? 'demo.broken' : 'demo.mended');
    });
  }

  async #do(what: (language: Language) => Promise<string>): Promise<void> {
    try {
      this.said = await what(new Language(this.locale));
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  #switchNet({ account }: Person, event: Event): void {
    const away = new Set(this.away);
    const goes = !away.delete(account);
    if (goes) away.add(account);
    this.away = away;
    const app = (event.currentTarget as HTMLElement).closest('.app')?.querySelector('iframe');
    const order = goes ? 'orderwire:offline' : 'orderwire:online';
    app?.contentWindow?.postMessage(order, location.origin);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-demo': OrderwireDemo;
  }
}
