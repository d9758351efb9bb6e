// What happened to a user, in words.

import { knows } from '../text.js';
import { facts, make, time, verbatim, words } from './dom.js';
import { kind } from './emails.js';
import { paged } from './load.js';
import { ask } from './session.js';

/** The events at `path`, newest first. */
export const events = (path) => paged({
  page: (cursor) => ask(`${path}?limit=20${cursor === null ? '' : `&cursor=${cursor}`}`),
  name: 'events',
  row,
  none: 'events.none',
});

const title = (type) => (knows(`event.${type}`) ? make('h3', { t: `event.${type}` }) : make('h3', {}, verbatim(type)));

const row = ({ type, at, actor, from, reason, email }) => [
  title(type),
  time(at),
  facts(
    ['events.who', actor.kind === 'administrator'
      ? make('span', {}, words('events.administrator'), ' ', verbatim(actor.id, 'code'))
      : words(knows(`events.${actor.kind}`) ? `events.${actor.kind}` : 'events.system')],
    from && ['events.from', verbatim(from, 'code')],
    reason && ['events.reason', make('span', { dir: 'auto' }, reason)],
    email && ['email.title', make('a', { href: `#/emails/${email.id}` }, kind(email.kind))],
    actor.audit_context && ['events.noted', verbatim(JSON.stringify(actor.audit_context), 'code')],
  ),
];
