/** `<orderwire-menu>`: a button with more to do behind it. */

import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { type Icon, icon } from './icons.ts';
import { look } from './look.ts';

export interface Choice {
  readonly name: string;
  readonly icon: Icon;
  readonly choose: () => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1 };

@customElement('orderwire-menu')
export class OrderwireMenu extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        position: relative;
        display: block;
        flex: none;
      }
      :host([align='start']) [role='menu'] {
        right: auto;
        left: 0;
      }
      [role='menu'].up {
        top: auto;
        bottom: calc(100% + 4px);
      }
      [role='menu'] {
        position: absolute;
        z-index: 2;
        top: calc(100% + 4px);
        right: 0;
        min-width: 200px;
        padding: var(--s1);
        border: 1px solid var(--line);
        border-radius: var(--r2);
        background: var(--raised);
        box-shadow: var(--shadow);
      }
      [role='menuitem'] {
        display: flex;
        align-items: center;
        gap: var(--s3);
        width: 100%;
        padding: var(--s2) var(--s3);
        border: 0;
        border-radius: var(--r1);
        background: none;
        text-align: start;
        white-space: nowrap;
        cursor: pointer;
      }
      [role='menuitem']:hover,
      [role='menuitem']:focus-visible {
        background: var(--hover);
        outline-offset: -2px;
      }
      [role='menuitem'] .i {
        color: var(--text-2);
      }
    `,
  ];

  @property() label = '';
  @property({ attribute: false }) choices: readonly Choice[] = [];
  /** On which side it begins; at the end unless told. */
  @property({ reflect: true }) align: 'start' | 'end' = 'end';
  /** Opens as soon as it is there. */
  @property({ type: Boolean }) begin = false;
  /** Whether Tab stops here. */
  @property({ type: Boolean }) skipped = false;
  @state() private open = false;
  @state() private up = false;
  @query('.icon') private button!: HTMLElement;
  readonly #outside = (event: Event) => {
    if (!event.composedPath().includes(this)) this.open = false;
  };

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('pointerdown', this.#outside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('pointerdown', this.#outside);
  }

  override focus(): void {
    this.button.focus();
  }

  override firstUpdated(): void {
    if (this.begin) void this.#toggle();
  }

  override render() {
    return html`<button
        class="icon"
        type="button"
        tabindex=${this.skipped ? -1 : 0}
        aria-label=${this.label}
        aria-haspopup="menu"
        aria-expanded=${this.open}
        @click=${this.#toggle}
      >
        ${icon('more')}
      </button>
      ${
        this.open
          ? html`<div class=${this.up ? 'up' : ''} role="menu" aria-label=${this.label} @keydown=${this.#key}>
              ${this.choices.map((choice) => this.#item(choice))}
            </div>`
          : nothing
      }`;
  }

  #item({ name, icon: sign, choose }: Choice) {
    const take = () => {
      this.#close();
      choose();
    };
    return html`<button type="button" role="menuitem" tabindex="-1" @click=${take}>
      ${icon(sign)}${name}
    </button>`;
  }

  async #toggle(): Promise<void> {
    this.open = !this.open;
    // Where there is more room.
    this.up = this.button.getBoundingClientRect().top > window.innerHeight / 2;
    await this.updateComplete;
    this.#items()[0]?.focus();
  }

  #key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') this.#close();
    if (event.key === 'Escape') event.stopPropagation();
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const items = this.#items();
    const at = items.indexOf(event.target as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  }

  #close(): void {
    this.open = false;
    this.button.focus();
  }

  #items(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-menu': OrderwireMenu;
  }
}
