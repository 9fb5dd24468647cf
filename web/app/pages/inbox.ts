/** `<orderwire-inbox-page>`: the list, the thread, and what it is about; on a phone one at a time. */

import { css, html, LitElement, type PropertyValues } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { keyed } from 'lit/directives/keyed.js';
import '../../components/about.ts';
import { icon } from '../../components/icons.ts';
import '../../components/inbox.ts';
import { Live } from '../../components/live.ts';
import { look } from '../../components/look.ts';
import '../../components/thread.ts';

const ROOM_TO_WRITE = '(min-width: 721px) and (hover: hover)';

@customElement('orderwire-inbox-page')
export class OrderwireInboxPage extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: grid;
        grid-template-columns: 340px minmax(0, 1fr) 320px;
        grid-template-rows: minmax(0, 1fr);
      }
      orderwire-inbox {
        border-right: 1px solid var(--line);
      }
      orderwire-about {
        border-left: 1px solid var(--line);
      }
      .blank {
        grid-column: span 2;
      }
      /* Where the list is in sight, its own title says it. */
      .alone {
        display: none;
      }
      @media (max-width: 1180px) {
        :host {
          grid-template-columns: 320px minmax(0, 1fr);
        }
        orderwire-about {
          display: none;
        }
        .blank {
          grid-column: span 1;
        }
      }
      @media (max-width: 720px) {
        :host {
          grid-template-columns: minmax(0, 1fr);
        }
        orderwire-inbox {
          border: 0;
        }
        .chosen,
        .blank {
          display: none;
        }
        .alone {
          display: block;
        }
      }
    `,
  ];

  @property({ attribute: false }) conversation: string | null = null;
  /** A message that somebody wants to see. */
  @property({ attribute: false }) seq: number | null = null;
  @query('orderwire-thread') private thread!: HTMLElement | null;
  readonly #live = new Live(this);

  override updated(changed: PropertyValues<this>): void {
    // Whoever chooses a conversation is about to write; on a phone a keyboard would cover it.
    const chosen = changed.has('conversation') && changed.get('conversation') !== undefined;
    if (chosen && matchMedia(ROOM_TO_WRITE).matches) this.thread?.focus();
  }

  override render() {
    return this.#live.with(
      ({ language }) => html`<orderwire-inbox
          class=${this.conversation ? 'chosen' : ''}
          .selected=${this.conversation}
        ></orderwire-inbox>
        ${
          this.conversation
            ? keyed(
                this.conversation,
                html`<h1 class="hidden alone">${language.t('inbox.title')}</h1>
                  <orderwire-thread
                    .conversation=${this.conversation}
                    .seq=${this.seq}
                  ></orderwire-thread>
                  <orderwire-about
                    role="complementary"
                    aria-label=${language.t('inbox.about')}
                    .conversation=${this.conversation}
                  ></orderwire-about>`,
              )
            : html`<div class="blank">${icon('inbox')}${language.t('inbox.choose')}</div>`
        }`,
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-inbox-page': OrderwireInboxPage;
  }
}
