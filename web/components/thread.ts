/** `<orderwire-thread>`: one conversation, live. */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type {
  Client,
  Conversation,
  Flags,
  OrderEvent,
  Person,
  Thread,
  ThreadState,
} from '../client/index.ts';
import './avatar.ts';
import './composer.ts';
import type { MessageWritten, OrderwireComposer } from './composer.ts';
import type { Connection } from './connection.ts';
import { type Happening, happeningOf } from './happenings.ts';
import { icon } from './icons.ts';
import type { Language } from './language/language.ts';
import { Live } from './live.ts';
import type { OrderwireLog, UnsentAction } from './log.ts';
import './log.ts';
import { look } from './look.ts';
import type { Choice } from './menu.ts';
import './menu.ts';
import { dotted } from './order-words.ts';
import { type Row, rowsOf } from './rows.ts';

@customElement('orderwire-thread')
export class OrderwireThread extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-width: 0;
        min-height: 0;
        background: var(--bg);
        container: thread / inline-size;
      }
      .bar {
        display: flex;
        align-items: center;
        gap: var(--s3);
        padding: var(--s3) var(--s5);
        border-bottom: 1px solid var(--line);
        min-height: 65px;
      }
      .back {
        display: none;
        margin-left: calc(-1 * var(--s2));
      }
      .blank {
        flex: 1;
      }
      :host([embedded]) {
        --edge: 0;
      }
      @container thread (max-width: 560px) {
        .bar {
          padding: var(--s3) var(--s4);
        }
      }
      @media (max-width: 720px) {
        .back {
          display: grid;
        }
      }
    `,
  ];

  @property() conversation = '';
  /** Inside of a page that says itself who and what this is about. */
  @property({ type: Boolean, reflect: true }) embedded = false;
  @query('orderwire-log') private log!: OrderwireLog | null;
  @query('orderwire-composer') private composer!: OrderwireComposer | null;

  readonly #live = new Live(this);
  #thread: Thread | null = null;
  #newAfter: number | null | undefined;
  #suggestion: string | null = null;
  readonly #attention = () => this.#look();

  /** Goes where one writes. */
  override focus(): void {
    void this.updateComplete.then(() => this.composer?.focus());
  }

  /** Begins a message, as soon as one can write. */
  suggest(text: string): void {
    this.#suggestion = text;
    this.requestUpdate();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('focus', this.#attention);
    window.addEventListener('blur', this.#attention);
    document.addEventListener('visibilitychange', this.#attention);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('focus', this.#attention);
    window.removeEventListener('blur', this.#attention);
    document.removeEventListener('visibilitychange', this.#attention);
    this.#live.connection?.client.blur(this.conversation);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('conversation')) this.#newAfter = undefined;
  }

  override updated(): void {
    this.#look();
    if (this.#suggestion === null || !this.composer) return;
    void this.composer.suggest(this.#suggestion);
    this.#suggestion = null;
  }

  override render() {
    return this.#live.with((connection) => {
      this.#thread = this.#live.keep(connection.client.thread(this.conversation));
      const state = this.#live.read(this.#thread.state);
      if (state.phase === 'gone') return this.#blank(connection.language.t('thread.gone'));
      const conversation = state.conversation ?? connection.client.inbox.find(this.conversation);
      return html`${this.embedded ? nothing : this.#bar(conversation, connection)}
      ${state.phase === 'ready' ? this.#log(state, connection) : html`<div class="blank"></div>`}
      ${conversation ? this.#composer(conversation, state, connection) : nothing}`;
    });
  }

  #blank(words: string): TemplateResult {
    return html`<div class="blank">${icon('inbox')}${words}</div>`;
  }

  #bar(
    conversation: Conversation | undefined,
    { client, language, links }: Connection,
  ): TemplateResult {
    const order = conversation?.order;
    return html`<div class="bar">
      <a class="icon back" href=${links.inbox} aria-label=${language.t('back')}>${icon('back')}</a>
      ${
        conversation
          ? html`<orderwire-avatar .person=${conversation.with}></orderwire-avatar>
              <div class="grow">
                <h2 class="head clip" dir="auto">${conversation.with.name}</h2>
                <div class="meta clip" dir="auto">
                  ${order ? order.title : language.t('inbox.direct')}
                </div>
              </div>`
          : nothing
      }
      ${
        conversation?.order_id
          ? html`<a class="btn s" href=${links.order(conversation.order_id)}
              >${icon('order')}${order?.number ?? language.t('orders.order')}</a
            >`
          : nothing
      }
      ${conversation ? this.#menu(conversation, client, language) : nothing}
    </div>`;
  }

  #menu({ id, starred, archived, muted }: Conversation, { inbox }: Client, language: Language) {
    const change = (flags: Flags) => () => void inbox.change(id, flags).catch(shownAgain);
    const choices: Choice[] = [
      {
        name: language.t(starred ? 'thread.unstar' : 'thread.star'),
        icon: 'star',
        choose: change({ starred: !starred }),
      },
      {
        name: language.t(archived ? 'thread.unarchive' : 'thread.archive'),
        icon: 'archive',
        choose: change({ archived: !archived }),
      },
      {
        name: language.t(muted ? 'thread.unmute' : 'thread.mute'),
        icon: muted ? 'bell' : 'mute',
        choose: change({ muted: !muted }),
      },
    ];
    return html`<orderwire-menu .choices=${choices} label=${language.t('more')}></orderwire-menu>`;
  }

  #log(state: ThreadState, connection: Connection) {
    const { client, language } = connection;
    const { conversation } = state;
    if (!conversation) return nothing;
    const rows = this.#rows(state, connection);
    if (rows.length === 0) return this.#blank(language.t('thread.empty'));
    return html`<orderwire-log
      .language=${language}
      .rows=${rows}
      .people=${new Map<string, Person>([[conversation.with.id, conversation.with]])}
      .happening=${(event: OrderEvent) => this.#happening(event, conversation, connection)}
      .partLink=${connection.links.order}
      .typing=${this.#thread ? this.#live.read(this.#thread.typing) : []}
      .connected=${this.#live.read(client.state) === 'connected'}
      .more=${state.hasBefore}
      .loading=${state.loadingBefore}
      label=${language.t('thread.with', { name: conversation.with.name })}
      @older-wanted=${() => void this.#thread?.loadBefore()}
      @end-reached=${this.#attention}
      @retry=${({ clientId }: UnsentAction) => client.outbox.retry(clientId)}
      @discard=${({ clientId }: UnsentAction) => client.outbox.drop(clientId)}
    ></orderwire-log>`;
  }

  #rows(state: ThreadState, { client }: Connection): Row[] {
    const { conversation, entries, receipts } = state;
    if (!conversation) return [];
    // As it was on opening: the line before what is new stays while one reads.
    if (this.#newAfter === undefined) {
      this.#newAfter = conversation.unread > 0 ? conversation.read_seq : null;
    }
    return rowsOf({
      entries,
      unsent: this.#live
        .read(client.outbox.unsent)
        .filter((unsent) => unsent.conversation === this.conversation),
      me: client.account,
      othersRead: receipts[conversation.with.id]?.read_seq ?? 0,
      newAfter: this.#newAfter,
    });
  }

  #happening(event: OrderEvent, conversation: Conversation, connection: Connection): Happening {
    const { client, language } = connection;
    const order = this.#live.read(client.orders.state).orders.get(event.order_id);
    const number = order?.number ?? conversation.order?.number ?? '';
    const happening = happeningOf(event, number, conversation.with, connection);
    if (event.event !== 'created' || !order) return happening;
    const text = dotted(happening.text, order.service.title, language.money(order.price));
    return { ...happening, text };
  }

  #composer(conversation: Conversation, state: ThreadState, connection: Connection) {
    const { client, language } = connection;
    return html`<orderwire-composer
      .language=${language}
      .name=${conversation.with.name}
      .locked=${state.canSend ? null : (state.canSendReason ?? 'other')}
      draft-key=${`${client.account}:${conversation.id}`}
      @message-written=${this.#written}
      @typing=${() => this.#thread?.typingGoesOn()}
      @stopped-typing=${() => this.#thread?.typingStopped()}
    ></orderwire-composer>`;
  }

  #written({ body }: MessageWritten): void {
    this.#thread?.send(body);
    this.log?.toEnd();
  }

  /** Tells the server what the person sees now. */
  #look(): void {
    const client = this.#live.connection?.client;
    if (!client || !this.#thread) return;
    const here = document.visibilityState === 'visible' && document.hasFocus();
    if (here) client.focus(this.conversation);
    else client.blur(this.conversation);
    const { phase, entries } = this.#thread.state.value;
    const last = entries.at(-1);
    if (here && phase === 'ready' && last && this.log?.atEnd) void this.#thread.read(last.seq);
  }
}

/** The row went back to how it was, which says enough. */
function shownAgain(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-thread': OrderwireThread;
  }
}
