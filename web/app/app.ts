/** `<orderwire-app>`: somebody's app, or the way to sign in. */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Client } from '../client/index.ts';
import '../components/connection.ts';
import { Watch } from '../components/watch.ts';
import type { LocaleChosen } from './no-inbox.ts';
import './no-inbox.ts';
import type { Router } from './router.ts';
import './shell.ts';
import type { SignInReason } from './sign-in.ts';
import './sign-in.ts';

/** So long the page waits to be told its person's language, the first time. */
const PATIENCE_MS = 1_500;

@customElement('orderwire-app')
export class OrderwireApp extends LitElement {
  static override styles = css`
    :host {
      display: block;
      height: 100%;
    }
  `;

  @property({ attribute: false }) router: Router | null = null;
  @property({ attribute: false }) client: Client | null = null;
  /** Forgets the account in this browser. */
  @property({ attribute: false }) forget: (account: string) => Promise<void> = async () => {};
  /** Why there is nobody, if there is nobody. */
  @property({ attribute: false }) nobody: SignInReason | null = null;
  @state() private patient = true;
  readonly #watch = new Watch(this);
  #patience: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#patience = setTimeout(() => {
      this.patient = false;
    }, PATIENCE_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#patience);
  }

  override updated(): void {
    const locale = this.client?.preferences.state.value?.locale;
    if (this.client && locale) localStorage.setItem(keyOf(this.client), locale);
  }

  override render() {
    const { client, router } = this;
    if (this.nobody) return this.#signIn(this.nobody);
    if (!client || !router) return nothing;
    if (this.#watch.read(client.signedOut)) return this.#signIn('expired');
    if (client.isOperator || this.#watch.read(client.refused)) return this.#noInbox(client);
    const locale = this.#localeOf(client);
    if (locale === null) return nothing;
    return html`<orderwire-connection .client=${client} .locale=${locale}>
      <orderwire-shell .router=${router} @sign-out=${() => this.#leave(client)}></orderwire-shell>
    </orderwire-connection>`;
  }

  #signIn(reason: SignInReason) {
    const locale = (this.client && localStorage.getItem(keyOf(this.client))) ?? navigator.language;
    return html`<orderwire-sign-in .locale=${locale} .reason=${reason}></orderwire-sign-in>`;
  }

  #noInbox(client: Client) {
    const me = this.#watch.read(client.me.state);
    return html`<orderwire-no-inbox
      .locale=${localStorage.getItem(keyOf(client)) ?? navigator.language}
      .name=${me?.account.name ?? client.account}
      .operator=${client.isOperator}
      @locale-chosen=${({ locale }: LocaleChosen) => this.#speak(client, locale)}
      @sign-out=${() => this.#leave(client)}
    ></orderwire-no-inbox>`;
  }

  /** Without preferences on the server, a language is this browser's affair. */
  #speak(client: Client, locale: string): void {
    localStorage.setItem(keyOf(client), locale);
    this.requestUpdate();
  }

  #localeOf(client: Client): string | null {
    const told = this.#watch.read(client.preferences.state)?.locale;
    const known = told ?? localStorage.getItem(keyOf(client));
    return known ?? (this.patient ? null : navigator.language);
  }

  async #leave(client: Client): Promise<void> {
    client.pause();
    // Whoever uses this browser next is not to see what is pushed to the one who left.
    await client.push.turnOff().catch(serverWillSee);
    await client.forget().catch(nothingWasKept);
    await this.forget(client.account);
    this.nobody = 'left';
  }
}

function keyOf(client: Client): string {
  return `orderwire.locale:${client.account}`;
}

/** That nobody takes the pushes any more: the browser has given up their address. */
function serverWillSee(): void {}

function nothingWasKept(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-app': OrderwireApp;
  }
}
