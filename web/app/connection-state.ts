/** `<orderwire-connection-state>`: speaks up when the connection is away for longer. */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ConnectionState } from '../client/index.ts';
import { icon } from '../components/icons.ts';
import { Live } from '../components/live.ts';
import { look } from '../components/look.ts';

/** Shorter than this is nobody's business. */
const PATIENCE_MS = 2_000;

@customElement('orderwire-connection-state')
export class OrderwireConnectionState extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        position: absolute;
        z-index: 2;
        /* Below the bar of a thread, whose name it is not to hide. */
        top: 76px;
        left: 50%;
        translate: -50% 0;
        max-width: calc(100% - 32px);
        pointer-events: none;
      }
      .pill {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding: 6px 14px;
        border: 1px solid var(--line);
        border-radius: 999px;
        background: var(--raised);
        color: var(--text-2);
        font: 500 var(--t-small) var(--font);
        box-shadow: var(--shadow);
      }
      .pill .i {
        width: 16px;
        height: 16px;
        color: var(--warn);
      }
    `,
  ];

  @state() private long = false;
  readonly #live = new Live(this);
  readonly #net = () => this.requestUpdate();
  #wait: ReturnType<typeof setTimeout> | undefined;
  #seen: ConnectionState | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('online', this.#net);
    window.addEventListener('offline', this.#net);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('online', this.#net);
    window.removeEventListener('offline', this.#net);
    clearTimeout(this.#wait);
  }

  override willUpdate(): void {
    const now = this.#live.connection?.client.state.value ?? null;
    if (now === this.#seen) return;
    this.#seen = now;
    clearTimeout(this.#wait);
    this.long = false;
    if (now !== 'connecting') return;
    this.#wait = setTimeout(() => {
      this.long = true;
    }, PATIENCE_MS);
  }

  override render() {
    return html`<div role="status">
      ${this.#live.with(({ client, language }) => {
        const state = this.#live.read(client.state);
        if (state === 'paused') return pill(language.t('connection.paused'));
        if (state !== 'connecting' || !this.long) return nothing;
        return pill(language.t(navigator.onLine ? 'connection.waiting' : 'connection.offline'));
      })}
    </div>`;
  }
}

function pill(words: string) {
  return html`<div class="pill">${icon('clock')}${words}</div>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-connection-state': OrderwireConnectionState;
  }
}
