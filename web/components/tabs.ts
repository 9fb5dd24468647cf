/** Tabs as the ARIA practices want them: one stop for Tab, arrows between, the panel by name. */

import { html, nothing, type TemplateResult } from 'lit';

export interface Tab<T extends string> {
  readonly id: T;
  readonly name: string;
  /** How much there is of it. */
  readonly count?: string;
}

export interface Tabs<T extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<T>[];
  readonly selected: T;
  readonly select: (tab: T) => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

export function tabBar<T extends string>({ label, tabs, selected, select }: Tabs<T>) {
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    const at = tabs.findIndex(({ id }) => id === selected);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    event.preventDefault();
    select(next.id);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} @keydown=${move}>
    ${tabs.map(
      ({ id, name, count }) => html`<button
        type="button"
        role="tab"
        id=${`tab-${id}`}
        aria-controls=${id === selected ? 'panel' : nothing}
        aria-selected=${id === selected}
        tabindex=${id === selected ? 0 : -1}
        @click=${() => select(id)}
      >
        ${name}${count ? html`<span class="tab-count"> · ${count}</span>` : nothing}
      </button>`,
    )}
  </div>`;
}

/** What the selected tab shows. */
export function tabPanel(selected: string, content: unknown): TemplateResult {
  return html`<div class="panel" role="tabpanel" id="panel" aria-labelledby=${`tab-${selected}`}>
    ${content}
  </div>`;
}
