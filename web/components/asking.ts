/** The controller through which an element asks for something in a dialog. */

import {
  html,
  type ReactiveController,
  type ReactiveControllerHost,
  type TemplateResult,
} from 'lit';
import type { Question } from './ask.ts';
import './ask.ts';
import type { Language } from './language/language.ts';

export class Asking implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  #question: Question | null = null;

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {}

  ask(question: Question): void {
    this.#question = question;
    this.#host.requestUpdate();
  }

  /** Stands once in the element's template. */
  render(language: Language): TemplateResult {
    return html`<orderwire-ask
      .language=${language}
      .question=${this.#question}
      @closed=${this.#closed}
    ></orderwire-ask>`;
  }

  readonly #closed = (): void => {
    this.#question = null;
    this.#host.requestUpdate();
    void keepFocus(this.#host);
  };
}

/** Stays where something was done, although what did it may be gone. */
export async function keepFocus(host: ReactiveControllerHost & HTMLElement): Promise<void> {
  await host.updateComplete;
  if (document.activeElement !== document.body) return;
  host.tabIndex = -1;
  host.focus({ preventScroll: true });
}
