/** `<orderwire-thread>`: one conversation, live. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import type {
  Conversation,
  Entry,
  OrderEvent,
  Person,
  Thread,
  ThreadState,
} from '../client/index.ts';
import { Asking } from './asking.ts';
import './avatar.ts';
import './composer.ts';
import type { BubbleVerb } from './bubbles.ts';
import type { DraftChanged, MessageWritten, OrderwireComposer } from './composer.ts';
import type { Connection } from './connection.ts';
import { type Happening, happeningOf, nameOf } from './happenings.ts';
import { icon } from './icons.ts';
import { Live } from './live.ts';
import type { BubbleAction, OrderwireLog, SeqWanted, UnsentAction } from './log.ts';
import './log.ts';
import { look } from './look.ts';
import './menu.ts';
import { dotted, firstName } from './order-words.ts';
import { type Bubble, onceFor, type Row, rowsOf } from './rows.ts';
import { choicesOf, reportQuestion } from './thread-menu.ts';
import { threadStyles } from './thread-styles.ts';
import { isRecent, Writing } from './writing.ts';

@customElement('orderwire-thread')
export class OrderwireThread extends LitElement {
  static override styles = [look, threadStyles];

  @property() conversation = '';
  /** A message to bring into sight, once. */
  @property({ attribute: false }) seq: number | null = null;
  /** Inside of a page that says itself who and what this is about. */
  @property({ type: Boolean, reflect: true }) embedded = false;
  @query('orderwire-log') private log!: OrderwireLog | null;
  @query('orderwire-composer') private composer!: OrderwireComposer | null;

  readonly #live = new Live(this);
  readonly #asking = new Asking(this);
  readonly #writing = new Writing(this);
  #thread: Thread | null = null;
  #newAfter: number | null | undefined;
  #suggestion: string | null = null;
  readonly #rowsOnce = onceFor(rowsOf);
  #quickWanted = false;
  #draftAsked = false;
  #wanted: number | null = null;
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
    if (changed.has('seq')) this.#wanted = this.seq;
    if (!changed.has('conversation')) return;
    this.#newAfter = undefined;
    this.#draftAsked = false;
    this.#writing.drop();
  }

  override updated(): void {
    this.#look();
    if (this.#wanted !== null && this.log) {
      void this.#reach(this.#wanted);
      this.#wanted = null;
    }
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
      ${conversation ? this.#composer(conversation, state, connection) : nothing}
      ${this.#asking.render(connection.language)}`;
    });
  }

  #blank(words: string): TemplateResult {
    return html`<div class="blank">${icon('inbox')}${words}</div>`;
  }

  #bar(conversation: Conversation | undefined, connection: Connection): TemplateResult {
    const { language, links } = connection;
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
      ${conversation ? this.#menu(conversation, connection) : nothing}
    </div>`;
  }

  #menu(conversation: Conversation, connection: Connection): TemplateResult {
    const { client, language } = connection;
    this.#live.read(this.#live.keep(client.blocks).state);
    const choices = choicesOf(conversation, connection, {
      ask: (question) => this.#asking.ask(question),
      markUnread: () => this.#markUnread(this.#lastOf(conversation.with)?.seq),
    });
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
      .nameOf=${(account: string) => nameOf(account, conversation.with, connection)}
      .verbs=${(bubble: Bubble, mine: boolean) => verbsOf(bubble, mine, state)}
      @bubble-action=${({ verb, seq }: BubbleAction) =>
        this.#act(verb, seq, conversation, connection)}
      @seq-wanted=${({ seq }: SeqWanted) => this.#reach(seq)}
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
    return this.#rowsOnce({
      entries,
      unsent: this.#live.read(client.outbox.unsent),
      conversation: this.conversation,
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
    if (!this.#draftAsked) void client.drafts.open(conversation.id);
    this.#draftAsked = true;
    return html`<orderwire-composer
      .language=${language}
      .name=${conversation.with.name}
      .locked=${state.canSend ? null : (state.canSendReason ?? 'other')}
      draft-key=${`${client.account}:${conversation.id}`}
      .doubt=${this.#doubt}
      .begun=${this.#live.read(client.drafts.state).get(conversation.id) ?? null}
      .context=${this.#writing.context}
      .busy=${this.#writing.busy}
      failure=${this.#writing.failure ? language.t(this.#writing.failure) : ''}
      .quickReplies=${this.#quickWanted ? this.#live.read(client.quickReplies.state) : null}
      .values=${{
        name: firstName(conversation.with.name),
        order: conversation.order?.number ?? '',
      }}
      @context-dropped=${() => this.#writing.drop()}
      @edit-last=${() => this.#writing.editLast(state.entries, client.account)}
      @quick-wanted=${() => this.#wantQuick(connection)}
      @unblock-wanted=${() => void client.blocks.unblock(conversation.with.id).catch(shownAgain)}
      @draft-changed=${({ body }: DraftChanged) => client.drafts.write(conversation.id, body)}
      @message-written=${this.#written}
      @typing=${() => this.#thread?.typingGoesOn()}
      @stopped-typing=${() => this.#thread?.typingStopped()}
    ></orderwire-composer>`;
  }

  /** Says that a text tells how to reach its writer, before there is an order. */
  readonly #doubt = async (body: string): Promise<string | null> => {
    const details = await this.#thread?.check(body);
    const language = this.#live.connection?.language;
    if (!details || !language) return null;
    const found = details.found.map(({ text }) => text).join(', ');
    return language.t(`composer.details.${details.mode}`, { found });
  };

  #written({ body }: MessageWritten): void {
    if (!this.#thread) return;
    if (this.#writing.context?.kind !== 'edit') this.log?.toEnd();
    void this.#writing.write(body, this.#thread);
  }

  #wantQuick({ client }: Connection): void {
    this.#quickWanted = true;
    client.quickReplies.open();
    this.requestUpdate();
  }

  #act(verb: BubbleVerb, seq: number, conversation: Conversation, connection: Connection): void {
    const message = this.#messageAt(seq);
    if (!message) return;
    if (verb === 'reply') {
      this.#writing.reply(message, nameOf(message.sender, conversation.with, connection));
    } else if (verb === 'edit') this.#writing.edit(message);
    else if (verb === 'unread') this.#markUnread(seq);
    else if (verb === 'report') this.#asking.ask(reportQuestion(conversation, seq, connection));
    else this.#askToDelete(seq, connection);
  }

  #askToDelete(seq: number, { language }: Connection): void {
    const thread = this.#thread;
    this.#asking.ask({
      title: language.t('delete.title'),
      text: language.t('delete.text'),
      fields: [],
      confirm: language.t('delete.confirm'),
      danger: true,
      run: async () => thread?.erase(seq),
    });
  }

  /** Goes away first: what is looked at is read at once. */
  #markUnread(seq: number | undefined): void {
    const thread = this.#thread;
    if (!thread || seq === undefined) return;
    this.dispatchEvent(new Event('left', { bubbles: true, composed: true }));
    void thread.markUnread(seq).catch(shownAgain);
  }

  async #reach(seq: number): Promise<void> {
    if (await this.#thread?.reach(seq)) await this.log?.show(seq);
  }

  #messageAt(seq: number) {
    const found = this.#entries.find((entry) => entry.seq === seq);
    return found?.type === 'message' ? found : null;
  }

  #lastOf({ id }: Person): Entry | undefined {
    return this.#entries.findLast((entry) => entry.type === 'message' && entry.sender === id);
  }

  get #entries(): readonly Entry[] {
    return this.#thread?.state.value.entries ?? [];
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

/** What one can do with a message. */
function verbsOf({ at }: Bubble, mine: boolean, { canSend }: ThreadState): readonly BubbleVerb[] {
  const verbs: BubbleVerb[] = canSend ? ['reply'] : [];
  if (!mine) return [...verbs, 'unread', 'report'];
  if (canSend && isRecent(at)) verbs.push('edit');
  return [...verbs, 'delete'];
}

/** Things are as they were, which says enough. */
function shownAgain(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'orderwire-thread': OrderwireThread;
  }
}
