// The emails and what became of them.

import { knows } from '../text.js';
import { announce, button, facts, make, mark, section, time, under, verbatim, words } from './dom.js';
import { select } from './forms.js';
import { lacking, load, paged, trouble } from './load.js';
import { ask, scopes } from './session.js';
import { openTask } from './task.js';
import { addressOf, person } from './people.js';
import { replacePlace } from './place.js';

const STATES = ['pending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'expired'];
const BAD = ['bounced', 'complained', 'failed', 'expired'];

/** What kind of email it is. */
export const kind = (name) => (knows(`email.kind.${name}`) ? words(`email.kind.${name}`) : verbatim(name));

const state = (name) => (knows(`email.state.${name}`)
  ? mark(`email.state.${name}`, BAD.includes(name) ? 'bad' : '')
  : make('span', { class: 'mark' }, verbatim(name)));

// Those that the provider has not taken, however often it was asked.
const isUntaken = ({ state: name, attempts }) => ['pending', 'failed', 'expired'].includes(name) && attempts > 0;

/** Why it is not there, and after how many attempts, where there may be several. */
const why = (email) => (isUntaken(email)
  ? words('email.why', { count: email.attempts, error: email.last_error }) : verbatim(email.last_error));

/** The view of the emails in the state `first`, or of all, until another state is chosen. */
export function emailsView(first = '') {
  if (!scopes.has('emails')) return section('emails.title', lacking('emails'));
  const filter = select('state', 'emails.filter',
    [['', 'emails.all'], ...STATES.map((name) => [name, `email.state.${name}`])], { value: first });
  let list = listed(first);
  filter.addEventListener('change', ({ target: { value } }) => {
    // The choice keeps the focus: by keyboard, each state on the way to another one is chosen.
    replacePlace(value ? `#/emails?state=${value}` : '#/emails');
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
        email.last_error && make('span', { class: 'why' }, why(email))),
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
    email.last_error !== null && isUntaken(email) && make('p', { class: 'notice' }, why(email)),
    facts(
      ['email.kind', kind(email.kind)],
      ['emails.for', person(email.user_id)],
      ['email.created', time(email.created_at)],
      ['email.updated', time(email.updated_at)],
      ['email.attempts', words('count', { count: email.attempts })],
      email.next_attempt_at !== null && ['email.next', time(email.next_attempt_at)],
      email.provider !== null && ['email.provider', verbatim(email.provider)],
      email.last_error !== null && !isUntaken(email) && ['email.error', verbatim(email.last_error)],
    ),
    make('div', { class: 'buttons' },
      email.state === 'failed' && scopes.has('emails:retry') && button('email.retry', () => retry(email), { kind: '' }),
      button('reload', refresh)),
    email.state === 'failed' && !scopes.has('emails:retry') && lacking('emails'),
  ];
  const told = async (key, isDone) => {
    const line = make('p', { class: isDone ? 'notice done' : 'notice', tabindex: '-1', t: key });
    status.replaceChildren(line);
    await refresh();
    announce(key);
    line.focus();
  };
  const retry = async ({ user_id: user }) => {
    // The dialog names whom the email is for, as far as the key may know it.
    openTask({ email: await addressOf(user) }, { title: 'email.retry', intro: 'email.retry-intro', submit: 'email.retry' }, {
      path: `${path}/retry`,
      isDone: ({ ok, problem }) => ok || ['email-not-failed', 'not-found'].includes(problem),
      done: (news, values, action, outcome) => told(outcome.ok ? 'email.retried' : outcome.problem === 'not-found' ? 'email.gone' : 'email.nothing', outcome.ok),
    });
  };
  const gone = (outcome, again) => (outcome.problem === 'not-found'
    ? make('p', { t: 'email.gone' }) : trouble(outcome, again));
  refresh();
  view.append(status, place);
  return view;
}
