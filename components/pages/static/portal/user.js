// A user: what is known, what can be done, and what happened.

import { retitle, say } from '../text.js';
import { address, announce, button, facts, make, part, section, time, under, verbatim, words } from './dom.js';
import { changeAddress, changeLanguage, disable, enable, remove, requireChange, signOut, unlock } from './account.js';
import { events } from './events.js';
import { invite } from './invite.js';
import { named } from './languages.js';
import { lacking, load, only, trouble } from './load.js';
import { changePassword } from './password.js';
import { pathOf, person, remember } from './people.js';
import { startRecovery, stopEither, stopRecovery } from './recovery.js';
import { ask, scopes } from './session.js';

/** The view of the user `id`, who may have been created just now. */
export const userView = (id, created) => under('#/users', 'users.back', only('users:read', 'user.title', () => shown(id, created)));

function shown(id, created) {
  const view = section('user.title');
  const heading = view.querySelector('h1');
  const place = make('div', {});
  const path = pathOf(id);
  let news = created ? ['create.done'] : null;

  const all = (user) => {
    heading.removeAttribute('data-t');
    remember(user);
    heading.replaceChildren(address(user.email));
    retitle();
    const told = news;
    news = null;
    if (told) announce(...told);
    return [
      told && make('p', { class: 'notice done', t: told[0], values: told[1] }),
      about(user),
      user.email_taken_by && make('p', { class: 'notice' }, words('user.email-taken'), ' ', person(user.email_taken_by)),
      security(user, { path, done }),
      account(user, { path, done }),
      part('events.title', history()),
    ];
  };
  const history = () => (scopes.has('events') ? events(`${path}/events`) : lacking('events'));
  const known = async () => {
    const [account, recovery] = await Promise.all([ask(path), ask(`${path}/challenge`)]);
    return account.ok ? { ok: true, value: { ...account.value, challenge: recovery.value?.challenge } } : account;
  };
  const refresh = () => load(place, known, all, gone);
  // What was done shows in what is known now; the focus is on what it was done with, if that is still there.
  const done = async (key, values, action) => {
    news = [key, values];
    await refresh();
    (place.querySelector(`[data-action="${action}"]`) ?? heading).focus();
  };
  const gone = (outcome, again) => {
    if (outcome.problem !== 'not-found') return trouble(outcome, again);
    say(heading, 'user.gone-title');
    retitle();
    return make('div', {},
      make('p', { t: 'user.gone' }),
      scopes.has('events') && part('events.title', events(`${path}/events`)));
  };
  refresh();
  view.append(place);
  return view;
}

const about = (user) => facts(
  ['user.id', verbatim(user.id, 'code')],
  ['user.state', words(user.disabled ? 'user.disabled' : 'user.active')],
  ['user.locale', user.locale === null ? words('user.no-locale') : verbatim(named(user.locale))],
  ['user.created', time(user.created_at)],
  user.updated_at && ['user.updated', time(user.updated_at)],
  ['user.signed-in', user.last_sign_in_at ? time(user.last_sign_in_at) : words('user.not-signed-in')],
);

/** A button that opens the dialog `open` about the user. */
const opener = (user, how) => (t, name, open, kind = 'quiet') => button(t, () => open(user, how), { kind, 'data-action': name });

function security(user, how) {
  const open = opener(user, how);
  const { credential, challenge } = user;
  const expired = credential?.expires_at && Date.parse(credential.expires_at) <= Date.now();
  const until = (at) => time(at, 'recovery.until', { ago: false });
  const count = (number) => words('count', { count: number });
  const known = [
    credential === null && make('p', { t: 'security.none' }),
    facts(
      credential && ['security.set', make('span', {}, time(credential.set_at), ' ', words(`security.by-${credential.set_by}`))],
      credential && ['security.must-change', words(credential.must_change ? 'yes' : 'no')],
      credential && ['security.expires', credential.expires_at === null ? words('never')
        : make('span', {}, time(credential.expires_at), ' ', expired && make('span', { class: 'mark bad', t: 'security.expired' }))],
      challenge !== undefined && [credential === null ? 'security.either' : 'security.recovery',
        challenge === null ? words('no') : until(challenge.expires_at)],
      user.failed_sign_ins !== undefined && ['security.failed', count(user.failed_sign_ins)],
      user.wrong_codes !== undefined && ['security.wrong-codes', count(user.wrong_codes)],
      user.locked_until && ['security.locked', until(user.locked_until)],
      user.recovery_paused_until && ['security.paused', until(user.recovery_paused_until)],
      user.codes_paused_until && ['security.codes', until(user.codes_paused_until)]),
  ];
  if (!scopes.has('reset')) return part('security.title', ...known, lacking('reset'));
  return part('security.title', ...known,
    make('div', { class: 'buttons' },
      open('reset.open', 'password', changePassword, ''),
      credential && open(credential.must_change ? 'lift.open' : 'require.open', 'require', requireChange),
      challenge && (credential === null ? open('stop.either', 'recovery', stopEither) : open('stop.open', 'recovery', stopRecovery)),
      !challenge && !user.disabled && open('recovery.open', 'recovery', startRecovery)),
    user.disabled && make('p', { class: 'hint', t: 'recovery.disabled' }));
}

function account(user, how) {
  const open = opener(user, how);
  const isLocked = user.locked_until || user.recovery_paused_until || user.codes_paused_until;
  const [mayChange, mayDelete] = [scopes.has('users:write'), scopes.has('users:delete')];
  return part('account.title',
    (mayChange || mayDelete) && make('div', { class: 'buttons' },
      mayChange && isLocked && open('unlock.open', 'unlock', unlock),
      mayChange && user.credential === null && !user.disabled && open('invite.open', 'invite', invite),
      mayChange && open('sign-out.open', 'sign-out', signOut),
      mayChange && open('address.open', 'address', changeAddress),
      mayChange && open('locale.open', 'locale', changeLanguage),
      mayChange && (user.disabled ? open('enable.open', 'disable', enable) : open('disable.open', 'disable', disable)),
      mayDelete && open('delete.open', 'delete', remove, 'quiet danger')),
    !mayChange && lacking('users:write'));
}
