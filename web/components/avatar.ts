/** `<orderwire-avatar>`: a person as two letters in a colour of their own. */

import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Person } from '../client/index.ts';
import { values } from './look-values.ts';

@customElement('orderwire-avatar')
export class OrderwireAvatar extends LitElement {
  static override styles = [
    values,
    css`
      :host {
        --size: 40px;
        flex: none;
        width: var(--size);
        height: var(--size);
        border-radius: 50%;
        display: grid;
        place-items: center;
        overflow: hidden;
        font: 600 14px/1 var(--font);
        background: light-dark(hsl(var(--hue) 45% 90%), hsl(var(--hue) 25% 26%));
        color: light-dark(hsl(var(--hue) 45% 30%), hsl(var(--hue) 50% 82%));
        user-select: none;
      }
      :host([size='s']) {
        --size: 28px;
        font-size: 11px;
      }
      :host([size='l']) {
        --size: 56px;
        font-size: 20px;
      }
      img {
        width: 100%;
        height: 100%;
        object-fit: cover;
      }
    `,
  ];

  @property({ attribute: false }) person: Person | null = null;
  @property({ reflect: true }) size: 's' | 'm' | 'l' = 'm';

  override willUpdate(): void {
    this.ariaHidden = 'true';
    // By the object model: a style attribute is what the Content-Security-Policy refuses.
    this.style.setProperty('--hue', String(hueOf(this.person?.id ?? '')));
  }

  override render() {
    const url = ownPicture(this.person?.avatar_url ?? null);
    return url ? html`<img src=${url} alt="" />` : initialsOf(this.person?.name ?? '');
  }
}

/** Pictures elsewhere would tell others who reads what. */
function ownPicture(url: string | null): string | null {
  if (!url || !URL.canParse(url, location.href)) return null;
  const parsed = new URL(url, location.href);
  return parsed.origin === location.origin ? parsed.href : null;
}

function initialsOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const [first = '', last = ''] = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ([...first].slice(0, 1).join('') + [...last].slice(0, 1).join('')).toUpperCase();
}

function hueOf(id: string): number {
  let hash = 7;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hash;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-avatar': OrderwireAvatar;
  }
}
