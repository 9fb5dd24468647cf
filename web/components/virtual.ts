/**
 * The controller for long lists of rows that keep their height: of many rows only those near to
 * what is in sight are in the page.
 */

import { html, nothing, type ReactiveController, type ReactiveControllerHost } from 'lit';
import { Heights, has, type Span, type View } from './span.ts';

const AROUND_PX = 1_200;
const EDGE_PX = 600;
const SCROLLS: ReadonlySet<string> = new Set(['auto', 'scroll']);

type Host = ReactiveControllerHost & HTMLElement & { readonly renderRoot: ParentNode };

export class Virtual implements ReactiveController {
  readonly #host: Host;
  readonly #heights: Heights<string>;
  #keys: readonly string[] = [];
  #span: Span = { from: 0, to: 0, before: 0, after: 0 };
  #view: View = { top: 0, height: window.innerHeight };
  #scroller: HTMLElement | null = null;
  readonly #scrolled = () => this.#look();

  /** The rows of a list carry `data-row`, and stand in an element with `data-rows`. */
  constructor(host: Host, height: number) {
    this.#host = host;
    this.#heights = new Heights<string>(
      (key) => key,
      () => height,
    );
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#scroller?.removeEventListener('scroll', this.#scrolled);
    this.#scroller = null;
  }

  hostUpdated(): void {
    const list = this.#list;
    if (!list) return;
    for (const row of list.querySelectorAll<HTMLElement>('[data-row]')) {
      this.#heights.measured(row.dataset.row ?? '', row.offsetHeight);
    }
    this.#listen(list);
    this.#look();
  }

  /** Which of the rows to render. */
  of(keys: readonly string[]): Span {
    this.#keys = keys;
    this.#span = this.#heights.span(keys, this.#view, AROUND_PX);
    return this.#span;
  }

  get #list(): HTMLElement | null {
    return this.#host.renderRoot.querySelector<HTMLElement>('[data-rows]');
  }

  #listen(list: HTMLElement): void {
    const scroller = scrollerOf(list);
    if (scroller === this.#scroller) return;
    this.#scroller?.removeEventListener('scroll', this.#scrolled);
    this.#scroller = scroller;
    scroller?.addEventListener('scroll', this.#scrolled, { passive: true });
  }

  /** Renders again where one comes near to the edge of what is here. */
  #look(): void {
    const list = this.#list;
    const scroller = this.#scroller;
    if (!list || !scroller) return;
    const top = scroller.getBoundingClientRect().top - list.getBoundingClientRect().top;
    this.#view = { top, height: scroller.clientHeight };
    const near = this.#heights.span(this.#keys, this.#view, EDGE_PX);
    if (!has(this.#span, near)) this.#host.requestUpdate();
  }
}

/** What stands for rows that are not here. */
export function emptyItem(height: number) {
  const style = `height:${height}px;min-height:0;padding:0;border:0`;
  return height > 0 ? html`<li aria-hidden="true" .style=${style}></li>` : nothing;
}

/** The nearest element around it that scrolls, through shadow roots. */
function scrollerOf(element: HTMLElement): HTMLElement | null {
  for (let one: Element | null = element; one; one = parentOf(one)) {
    if (one instanceof HTMLElement && SCROLLS.has(getComputedStyle(one).overflowY)) return one;
  }
  return null;
}

function parentOf(element: Element): Element | null {
  if (element.assignedSlot) return element.assignedSlot;
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}
