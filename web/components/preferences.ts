/** `<orderwire-preferences>`: what one is told, where and when. */

import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { live } from 'lit/directives/live.js';
import {
  CATEGORIES,
  type Category,
  type DeliveryChannel,
  type PreferenceValues,
  type QuietHours,
} from '../client/index.ts';
import type { Connection } from './connection.ts';
import './devices.ts';
import { LOCALE_NAMES, LOCALES } from './language/language.ts';
import { Live } from './live.ts';
import { look } from './look.ts';
import { settingStyles } from './settings-styles.ts';

const CHANNELS: readonly DeliveryChannel[] = ['push', 'email'];
const USUAL_QUIET_HOURS: QuietHours = { start: '22:00', end: '07:00', except: ['new_order'] };

@customElement('orderwire-preferences')
export class OrderwirePreferences extends LitElement {
  static override styles = [
    look,
    settingStyles,
    css`
      :host {
        display: grid;
        gap: var(--s5);
      }
      table {
        width: 100%;
        border-collapse: collapse;
      }
      th {
        font: 500 var(--t-meta) var(--font);
        color: var(--text-3);
        padding: var(--s2) 0;
        border-bottom: 1px solid var(--line);
      }
      tbody th {
        font: 500 var(--t-text) var(--font);
        color: var(--text);
        text-align: start;
        padding: 10px var(--s3) 10px 0;
      }
      td {
        padding: 10px 0;
        border-bottom: 1px solid var(--line);
        vertical-align: middle;
      }
      .n {
        width: 84px;
        text-align: right;
      }
      @media (max-width: 480px) {
        .n {
          width: 60px;
        }
      }
    `,
  ];

  @state() private failed = false;
  readonly #live = new Live(this);

  override render() {
    return this.#live.with((connection) => {
      const { language, client } = connection;
      const preferences = this.#live.read(client.preferences.state);
      if (!preferences) return nothing;
      return html`<section>
          <h2 class="title">${language.t('settings.reach')}</h2>
          <p class="small">${language.t('settings.reach.text')}</p>
          ${this.#matrix(preferences, connection)}
          <p class="failed" role="alert">${this.failed ? language.t('settings.failed') : nothing}</p>
        </section>
        ${this.#quiet(preferences.quiet_hours, connection)}
        ${this.#zone(preferences.timezone, connection)}
        ${this.#language(connection)}
        <orderwire-devices></orderwire-devices>`;
    });
  }

  #matrix({ categories }: PreferenceValues, { client, language }: Connection): TemplateResult {
    const cell = (category: Category, channel: DeliveryChannel) => html`<td class="n">
      <input
        class="switch"
        type="checkbox"
        role="switch"
        .checked=${live(categories[category][channel])}
        aria-label=${`${language.t(`category.${category}`)}: ${language.t(`channel.${channel}`)}`}
        @change=${({ target }: Event) =>
          this.#change(() =>
            client.preferences.switch(category, channel, (target as HTMLInputElement).checked),
          )}
      />
    </td>`;
    return html`<table>
      <thead>
        <tr>
          <th><span class="hidden">${language.t('settings.category')}</span></th>
          ${CHANNELS.map(
            (channel) => html`<th class="n" scope="col">${language.t(`channel.${channel}`)}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${CATEGORIES.map(
          (category) => html`<tr>
            <th scope="row">
              ${language.t(`category.${category}`)}
              <div class="small">${language.t(`category.${category}.text`)}</div>
            </th>
            ${CHANNELS.map((channel) => cell(category, channel))}
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  #quiet(quiet: QuietHours | null, { client, language }: Connection): TemplateResult {
    const set = (next: QuietHours | null) =>
      this.#change(() => client.preferences.set({ quiet_hours: next }));
    const time = (which: 'start' | 'end', name: string) =>
      quiet &&
      html`<input
        class="field"
        type="time"
        required
        .value=${quiet[which]}
        aria-label=${name}
        @change=${({ target }: Event) => {
          const { value } = target as HTMLInputElement;
          if (value) set({ ...quiet, [which]: value });
        }}
      />`;
    return html`<section class="setting">
      <div>
        <h3 class="head">${language.t('quiet.title')}</h3>
        <p class="small">${language.t('quiet.text')}</p>
      </div>
      <div class="row">
        ${
          quiet
            ? html`${time('start', language.t('quiet.from'))}–${time('end', language.t('quiet.to'))}`
            : nothing
        }
        <input
          class="switch"
          type="checkbox"
          role="switch"
          .checked=${live(quiet !== null)}
          aria-label=${language.t('quiet.title')}
          @change=${({ target }: Event) =>
            set((target as HTMLInputElement).checked ? USUAL_QUIET_HOURS : null)}
        />
      </div>
    </section>`;
  }

  #zone(timezone: string, { client, language }: Connection): TemplateResult {
    const zones = new Set([timezone, 'UTC', ...Intl.supportedValuesOf('timeZone')]);
    return this.#select({
      title: language.t('zone.title'),
      text: language.t('zone.text'),
      options: [...zones].map((zone) => [zone, zone.replaceAll('_', ' ')]),
      selected: timezone,
      choose: (zone) => client.preferences.set({ timezone: zone }),
    });
  }

  #language({ client, language }: Connection): TemplateResult {
    return this.#select({
      title: language.t('language.title'),
      text: language.t('language.text'),
      options: LOCALES.map((locale) => [locale, LOCALE_NAMES[locale]]),
      selected: language.locale,
      choose: (locale) => client.preferences.set({ locale }),
    });
  }

  #select({ title, text, options, selected, choose }: Selection): TemplateResult {
    return html`<section class="setting">
      <div>
        <h3 class="head">${title}</h3>
        <p class="small">${text}</p>
      </div>
      <select
        class="field"
        aria-label=${title}
        @change=${({ target }: Event) =>
          this.#change(() => choose((target as HTMLSelectElement).value))}
      >
        ${options.map(
          ([value, name]) =>
            html`<option value=${value} ?selected=${value === selected}>${name}</option>`,
        )}
      </select>
    </section>`;
  }

  async #change(save: () => Promise<void>): Promise<void> {
    this.failed = false;
    try {
      await save();
    } catch {
      this.failed = true;
      // The switch that was moved goes back to what is so.
      this.requestUpdate();
    }
  }
}

interface Selection {
  readonly title: string;
  readonly text: string;
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly selected: string;
  readonly choose: (value: string) => Promise<void>;
}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-preferences': OrderwirePreferences;
  }
}
