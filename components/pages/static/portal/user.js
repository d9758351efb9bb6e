// A user: what is known, what can be done, and what happened.

import { retitle, say } from '../text.js';
import { address, announce, button, facts, make, part, section, time, under, verbatim, words } from './dom.js';
import { changeAddress, changeLanguage, disable, remove } from './account.js';
import { closer, openDialog } from './dialog.js';
import { events } from './events.js';
import { explain } from './forms.js';
import { named } from './languages.js';
import { lacking, load, trouble } from './load.js';
import { changePassword } from './password.js';
import { startRecovery } from './recovery.js';
import { ask, scopes } from './session.js';
import { pathOf, person, remember } from './users.js';

/** The view of the user `id`, who may have been created just now. */
export function userView(id, created) {
  const view = under('#/users', 'users.back', section('user.title'));
  if (!scopes.has('users:read')) {
    view.append(lacking('users:read'));
    return view;
  }
  const heading = view.querySelector('h1');
  const place = make('div', {});
  const path = pathOf(id);
  let news = created ? ['create.done'] : null;

  const shown = (user) => {
    heading.removeAttribute('data-t');
    remember(user);
    heading.replaceChildren(address(user.email));
    retitle();
    const told = news;
    news = null;
    if (told) announce(...told);
    return [
      told && make('p', { class: 'notice done', t: told[0], values: told[1] }),
      facts(
        ['user.id', verbatim(user.id, 'code')],
        ['user.state', words(user.disabled ? 'user.disabled' : 'user.active')],
        ['user.locale', user.locale === null ? words('user.no-locale') : verbatim(named(user.locale))],
        ['user.created', time(user.created_at)],
      ),
      user.email_taken_by && make('p', { class: 'notice' }, words('user.email-taken'), ' ', person(user.email_taken_by)),
      security(user, { path, done }),
      account(user, { path, done }),
      history(),
    ];
  };
  const history = () => part('events.title', scopes.has('events') ? events(`${path}/events`) : lacking('events'));
  const known = async () => {
    const [account, recovery] = await Promise.all([ask(path), ask(`${path}/challenge`)]);
    return account.ok ? { ok: true, value: { ...account.value, challenge: recovery.value?.challenge } } : account;
  };
  const refresh = () => load(place, known, shown, gone);
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

function security(user, { path, done }) {
  const { credential, challenge } = user;
  const act = (action) => ({ kind: 'quiet', 'data-action': action });
  const expired = credential?.expires_at && Date.parse(credential.expires_at) <= Date.now();
  const password = credential === null ? [] : [
    ['security.set', make('span', {}, time(credential.set_at), ' ', words(`security.by-${credential.set_by}`))],
    ['security.must-change', words(credential.must_change ? 'yes' : 'no')],
    ['security.expires', credential.expires_at === null ? words('never')
      : make('span', {}, time(credential.expires_at), ' ', expired && make('span', { class: 'mark bad', t: 'security.expired' }))],
  ];
  const recovery = challenge !== undefined && ['security.recovery',
    challenge === null ? words('no') : words('recovery.until', { at: challenge.expires_at })];
  const known = [
    credential === null && make('p', { t: 'security.none' }),
    (credential !== null || recovery) && facts(...password, recovery),
    locks(user).length > 0 && facts(
      ...locks(user).map(([word, at]) => [word, words('recovery.until', { at })])),
  ];
  if (!scopes.has('reset')) return part('security.title', ...known, lacking('reset'));
  const require = credential && button(credential.must_change ? 'require.lift' : 'require.ask', async () => {
    const required = !credential.must_change;
    const outcome = await ask(`${path}/password-change`, { required }, { method: 'PUT' });
    if (outcome.ok) return done(required ? 'require.asked' : 'require.lifted', {}, 'require');
    failed(outcome);
  }, { ...act('require'), 'data-keeps': true });
  return part('security.title', ...known,
    make('div', { class: 'buttons' },
      button('reset.open', () => changePassword(user, { path, done }), { kind: '', 'data-action': 'password' }),
      require,
      !user.disabled && button('recovery.open', () => startRecovery(user, { path, done }), act('recovery'))),
    user.disabled && make('p', { class: 'hint', t: 'recovery.disabled' }));
}

/** What keeps the user out, and until when. */
function locks(user) {
  return [
    ['security.locked', user.locked_until],
    ['security.paused', user.recovery_paused_until],
    ['security.codes', user.codes_paused_until],
  ].filter(([, at]) => at);
}

function account(user, { path, done }) {
  const act = (action) => ({ kind: 'quiet', 'data-action': action });
  const enable = async () => {
    const outcome = await ask(path, { disabled: false }, { method: 'PATCH' });
    if (outcome.ok) return done('enable.done', {}, 'disable');
    failed(outcome);
  };
  const unlock = async () => {
    const outcome = await ask(`${path}/unlock`, {}, { method: 'POST' });
    if (outcome.ok) return done('unlock.done', {}, 'unlock');
    failed(outcome);
  };
  const change = [
    locks(user).length > 0
      && button('unlock.open', unlock, { ...act('unlock'), 'data-keeps': true }),
    button('address.open', () => changeAddress(user, { path, done }), act('address')),
    button('locale.open', () => changeLanguage(user, { path, done }), act('locale')),
    user.disabled
      ? button('enable.open', enable, { ...act('disable'), 'data-keeps': true })
      : button('disable.open', () => disable(user, { path, done }), act('disable')),
  ];
  const [mayChange, mayDelete] = [scopes.has('users:write'), scopes.has('users:delete')];
  return part('account.title',
    (mayChange || mayDelete) && make('div', { class: 'buttons' },
      ...(mayChange ? change : []),
      mayDelete && button('delete.open', () => remove(user, { path }), { kind: 'quiet danger', 'data-action': 'delete' })),
    !mayChange && lacking('users:write'),
    !mayDelete && lacking('users:delete'));
}

/** Tells in a dialog why something that takes no form did not work. */
function failed(outcome) {
  const { key, values } = explain(outcome);
  openDialog('error.title', (dialog) => [
    make('p', { t: key, values }),
    make('div', { class: 'buttons' }, closer(dialog, 'close')),
  ]);
}
