// What happened, in words: to one user, or to all.

import { knows } from '../text.js';
import { facts, make, time, verbatim, words } from './dom.js';
import { kind } from './emails.js';
import { paged } from './load.js';
import { person } from './people.js';
import { ask, scopes } from './session.js';

// What brings others along, and what it brings.
const WHOLES = ['password.changed', 'email.changed', 'account.disabled', 'account.deleted'];
const PARTS = ['sessions.revoked', 'password.change_required', 'password.change_lifted'];

/** The events at `path`, newest first: those that `query` asks for, with the users if they are events of several. */
export const events = (path, { query = '', ofAll = false, none = 'events.none', came } = {}) => paged({
  page: async (cursor) => gathered(await ask(`${path}?limit=20${query}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)),
  name: 'events',
  row: (event) => row(event, ofAll),
  none,
  came,
});

/** The page with one entry for what one action brought: a reset that also ends the sessions, for instance. */
function gathered(outcome) {
  if (!outcome.ok) return outcome;
  const rows = [];
  let parts = [];
  for (const event of outcome.value.events) {
    const isNext = parts.length === 0 || isBefore(event, parts.at(-1));
    if (isNext && WHOLES.includes(event.type)) {
      rows.push({ ...event, parts });
      parts = [];
    } else {
      if (!isNext) rows.push(...parts.splice(0));
      if (PARTS.includes(event.type)) parts.push(event);
      else rows.push(...parts.splice(0), event);
    }
  }
  return { ok: true, value: { ...outcome.value, events: [...rows, ...parts] } };
}

/** Whether `event` came just before `later`, by the same action. */
const isBefore = (event, later) => event.user_id === later.user_id && event.at === later.at && event.sequence === later.sequence - 1
  && event.actor.id === later.actor.id && event.reason === later.reason;

const title = (type) => (knows(`event.${type}`) ? make('h3', { t: `event.${type}` }) : make('h3', {}, verbatim(type)));
const named = (type) => (knows(`event.${type}`) ? words(`event.${type}`) : verbatim(type));

const row = ({ type, at, actor, from, reason, email, user_id: user, parts = [] }, ofAll) => [
  title(type),
  time(at),
  facts(
    ofAll && ['emails.for', person(user)],
    ['events.who', actor.kind === 'administrator'
      ? make('span', {}, words('events.administrator'), ' ', verbatim(actor.id, 'code'))
      : words(knows(`events.${actor.kind}`) ? `events.${actor.kind}` : 'events.system')],
    from && ['events.from', verbatim(from, 'code')],
    reason && ['reason.label', make('span', { dir: 'auto' }, reason)],
    parts.length > 0 && ['events.with', make('ul', { class: 'plain' }, ...parts.map((one) => make('li', {}, named(one.type))))],
    email && ['email.title', scopes.has('emails') ? make('a', { href: `#/emails/${email.id}` }, kind(email.kind)) : kind(email.kind)],
    actor.audit_context && ['events.noted', verbatim(JSON.stringify(actor.audit_context), 'code')],
  ),
];
