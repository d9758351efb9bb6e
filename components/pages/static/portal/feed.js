// The events of all users, narrowed by what, whom, who and when, and their export.

import { make, section } from './dom.js';
import { dated, downloader } from './download.js';
import { events } from './events.js';
import { form, line, select } from './forms.js';
import { only } from './load.js';
import { replacePlace } from './place.js';
import { ask, scopes } from './session.js';

const FEED = '/v1/admin/events';
/** All that the contract tells of. */
const TYPES = [
  'account.created', 'account.invited', 'account.disabled', 'account.enabled', 'account.unlocked', 'account.deleted',
  'email.changed', 'email.taken', 'locale.changed', 'recovery.requested', 'recovery.stopped', 'recovery.cancelled',
  'password.changed', 'password.change_required', 'password.change_lifted', 'password.breached', 'sessions.revoked',
  'email.delivered', 'email.bounced', 'email.complained', 'email.failed', 'email.expired', 'email.retried',
];
const NAMES = ['type', 'user_id', 'actor', 'since', 'until'];

/** The view of the events that the address's `query` describes. */
export const feedView = (query) => only('events', 'events.title', () => shown(new URLSearchParams(query)));

function shown(named) {
  const wanted = Object.fromEntries(NAMES.map((name) => [name, named.get(name) ?? '']));
  for (const name of ['since', 'until']) if (Number.isNaN(Date.parse(wanted[name]))) wanted[name] = '';
  const more = make('details', { open: NAMES.slice(1).some((name) => wanted[name]) }, make('summary', { t: 'feed.more' }),
    make('div', { class: 'beside' },
      line('user_id', 'feed.user', { hint: 'feed.user-hint', value: wanted.user_id, dir: 'ltr' }),
      line('actor', 'feed.actor', { hint: 'feed.actor-hint', value: wanted.actor, dir: 'ltr' }),
      line('since', 'feed.since', { type: 'datetime-local', value: wanted.since }),
      line('until', 'feed.until', { type: 'datetime-local', value: wanted.until })));
  const type = select('type', 'feed.type', [['', 'feed.any'], ...TYPES.map((name) => [name, `event.${name}`])], { value: wanted.type });
  const place = make('div', {});
  const look = (came) => place.replaceChildren(events(FEED, { query: queryOf(wanted), ofAll: true, none: 'feed.none', came }));
  let latest;
  const find = async (within) => {
    const typed = Object.fromEntries(NAMES.map((name) => [name, within.elements[name].value.trim()]));
    latest = typed;
    typed.user_id = await idOf(typed.user_id);
    // Something else was asked for meanwhile.
    if (latest !== typed || !place.isConnected) return;
    Object.assign(wanted, typed);
    const kept = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString();
    replacePlace(kept ? `#/events?${kept}` : '#/events');
    look('feed.came');
  };
  const made = form([type, more], 'feed.find', find, {
    beside: downloader('feed.export', () => `${FEED}/export?${queryOf(wanted).slice(1)}`, () => dated('events', 'ndjson')),
  });
  made.classList.add('finding');
  type.addEventListener('change', () => find(made));
  look();
  return section('events.title', made, make('h2', { class: 'unseen', t: 'events.title' }), place);
}

/** The filter as the contract's parameters; local times as the moments that they are. */
function queryOf(wanted) {
  const moment = (name) => wanted[name] && { [name]: new Date(wanted[name]).toISOString() };
  const { type, user_id, actor } = wanted;
  const query = new URLSearchParams({
    ...(type && { type }), ...(user_id && { user_id }), ...(actor && { actor }), ...moment('since'), ...moment('until'),
  }).toString();
  return query && `&${query}`;
}

/** The id of whom was typed, by the address if it is one. */
async function idOf(text) {
  if (!text.includes('@') || !scopes.has('users:read')) return text;
  const outcome = await ask(`/v1/admin/users?email=${encodeURIComponent(text)}`);
  return outcome.value?.users[0]?.id ?? text;
}
