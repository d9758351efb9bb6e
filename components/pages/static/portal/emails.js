// The emails and what became of them.

import { knows, say } from '../text.js';
import { announce, button, facts, make, mark, section, time, under, verbatim, words } from './dom.js';
import { explain, select } from './forms.js';
import { lacking, load, paged, trouble } from './load.js';
import { ask, scopes } from './session.js';
import { person } from './users.js';

const STATES = ['pending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'expired'];
const BAD = ['bounced', 'complained', 'failed', 'expired'];

/** What kind of email it is. */
export const kind = (name) => (knows(`email.kind.${name}`) ? words(`email.kind.${name}`) : verbatim(name));

const state = (name) => (knows(`email.state.${name}`)
  ? mark(`email.state.${name}`, BAD.includes(name) ? 'bad' : '')
  : make('span', { class: 'mark' }, verbatim(name)));

/** The view of the emails in the state `first`, or of all, until another state is chosen. */
export function emailsView(first = '') {
  if (!scopes.has('emails')) return section('emails.title', lacking('emails'));
  const filter = select('state', 'emails.filter',
    [['', 'emails.all'], ...STATES.map((name) => [name, `email.state.${name}`])], { value: first });
  let list = listed(first);
  filter.addEventListener('change', ({ target: { value } }) => {
    // The choice keeps the focus: by keyboard, each state on the way to another one is chosen.
    history.replaceState(null, '', value ? `#/emails?state=${value}` : '#/emails');
    const next = listed(value, 'emails.came');
    list.replaceWith(next);
    list = next;
  });
  return section('emails.title', filter, list);
}

function listed(chosen, came) {
  return paged({
    page: (cursor) => ask(`/v1/admin/emails?limit=25${chosen && `&state=${chosen}`}${cursor === null ? '' : `&cursor=${cursor}`}`),
    name: 'emails',
    row: (email) => [
      make('a', { href: `#/emails/${email.id}` }, kind(email.kind)),
      make('span', { class: 'marks' }, state(email.state)),
      time(email.created_at),
      make('p', { class: 'about' }, words('emails.for'), ' ', person(email.user_id),
        email.last_error && make('span', { class: 'why' }, verbatim(email.last_error))),
    ],
    none: chosen ? 'emails.none-such' : 'emails.none',
    came,
  });
}

/** The view of one email. */
export function emailView(id) {
  const view = under('#/emails', 'emails.back', section('email.title'));
  if (!scopes.has('emails')) {
    view.append(lacking('emails'));
    return view;
  }
  const place = make('div', {});
  const status = make('div', { class: 'outcome' });
  const path = `/v1/admin/emails/${id}`;
  const refresh = () => load(place, () => ask(path), shown, gone);
  const shown = (email) => [
    make('p', {}, state(email.state)),
    knows(`email.about.${email.state}`) && make('p', { t: `email.about.${email.state}` }),
    facts(
      ['email.kind', kind(email.kind)],
      ['emails.for', person(email.user_id)],
      ['email.created', time(email.created_at)],
      ['email.updated', time(email.updated_at)],
      ['email.attempts', words('count', { count: email.attempts })],
      email.next_attempt_at !== null && ['email.next', time(email.next_attempt_at)],
      email.provider !== null && ['email.provider', verbatim(email.provider)],
      email.last_error !== null && ['email.error', verbatim(email.last_error)],
    ),
    make('div', { class: 'buttons' }, retry(email), button('reload', refresh)),
    email.state === 'failed' && !scopes.has('emails:retry') && lacking('emails'),
  ];
  const retry = (email) => email.state === 'failed' && scopes.has('emails:retry') && button('email.retry', async () => {
    const outcome = await ask(`${path}/retry`, undefined, { method: 'POST' });
    const told = outcome.ok ? { key: 'email.retried' }
      : outcome.problem === 'email-not-failed' ? { key: 'email.nothing' }
        : outcome.problem === 'not-found' ? { key: 'email.gone' } : explain(outcome);
    const line = make('p', { class: outcome.ok ? 'notice done' : 'notice', tabindex: '-1' });
    say(line, told.key, told.values);
    status.replaceChildren(line);
    if (outcome.ok || outcome.problem === 'email-not-failed') await refresh();
    announce(told.key, told.values);
    line.focus();
  }, { kind: '', 'data-keeps': true });
  const gone = (outcome, again) => (outcome.problem === 'not-found'
    ? make('p', { t: 'email.gone' }) : trouble(outcome, again));
  refresh();
  view.append(status, place);
  return view;
}
