/** What one can do with a conversation as a whole, and with the person in it. */

import {
  type Conversation,
  type Flags,
  REPORT_REASONS,
  type ReportReason,
} from '../client/index.ts';
import type { Question } from './ask.ts';
import type { Connection } from './connection.ts';
import type { Choice } from './menu.ts';
import { firstName } from './order-words.ts';

/** What the thread does when it is chosen. */
export interface ThreadVerbs {
  readonly ask: (question: Question) => void;
  readonly markUnread: () => void;
}

export function choicesOf(
  conversation: Conversation,
  connection: Connection,
  { ask, markUnread }: ThreadVerbs,
): readonly Choice[] {
  const { client, language } = connection;
  const { id, starred, archived, muted, with: person } = conversation;
  const change = (flags: Flags) => () => void client.inbox.change(id, flags).catch(shownAgain);
  const blocked = client.blocks.has(person.id);
  const name = firstName(person.name);
  return [
    {
      name: language.t(starred ? 'thread.unstar' : 'thread.star'),
      icon: 'star',
      choose: change({ starred: !starred }),
    },
    { name: language.t('thread.unread'), icon: 'unread', choose: markUnread },
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
    {
      name: language.t(blocked ? 'block.undo.name' : 'block.do', { name }),
      icon: 'block',
      choose: () =>
        blocked
          ? void client.blocks.unblock(person.id).catch(shownAgain)
          : ask(blockQuestion(conversation, connection)),
    },
    {
      name: language.t('report.do', { name }),
      icon: 'flag',
      choose: () => ask(reportQuestion(conversation, null, connection)),
    },
  ];
}

function blockQuestion({ with: person }: Conversation, connection: Connection): Question {
  const { client, language } = connection;
  const name = firstName(person.name);
  return {
    title: language.t('block.title', { name }),
    text: language.t('block.text', { name }),
    fields: [],
    confirm: language.t('block.confirm'),
    danger: true,
    run: () => client.blocks.block(person.id),
  };
}

/** Asks what is wrong with somebody, or with one message of theirs. */
export function reportQuestion(
  { id, with: person }: Conversation,
  seq: number | null,
  connection: Connection,
): Question {
  const { client, language } = connection;
  const name = firstName(person.name);
  const about = seq === null ? {} : { seq };
  return {
    title: language.t(seq === null ? 'report.title' : 'report.title.message', { name }),
    text: language.t('report.text', { name }),
    fields: [
      {
        name: 'reason',
        label: language.t('report.reason'),
        kind: 'choice',
        required: true,
        options: REPORT_REASONS.map((reason) => [reason, language.t(`report.reason.${reason}`)]),
      },
      { name: 'comment', label: language.t('report.comment'), kind: 'text', required: false },
    ],
    confirm: language.t('report.confirm'),
    danger: false,
    run: (given) =>
      client.blocks.report({
        account_id: person.id,
        reason: given.reason as ReportReason,
        comment: String(given.comment ?? ''),
        conversation_id: id,
        ...about,
      }),
  };
}

/** Things are as they were, which says enough. */
function shownAgain(): void {}
