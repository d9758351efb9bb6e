// Dialogs that change an account, and the one that deletes it.

import { line, refuse, select } from './forms.js';
import { languages } from './languages.js';
import { openTask } from './task.js';

/** Another address. */
export const changeAddress = (user, how) => openTask(user, {
  title: 'address.title', intro: 'address.intro', submit: 'address.submit',
  fields: [line('email', 'address.label', { type: 'email', value: user.email })],
}, {
  ...how, method: 'PATCH', news: 'address.done', action: 'address',
  order(within) {
    const email = within.elements.email.value.trim();
    return email ? { email } : refuse(within, { key: 'email.empty', name: 'email' });
  },
});

/** Another language. */
export const changeLanguage = (user, how) => openTask(user, {
  title: 'locale.title', intro: 'locale.intro', submit: 'locale.submit',
  fields: [select('locale', 'user.locale', languages(user.locale), { value: user.locale ?? '' })],
}, {
  ...how, method: 'PATCH', news: 'locale.done', action: 'locale',
  order(within) {
    const locale = within.elements.locale.value;
    return locale || user.locale !== null ? { locale: locale || null } : refuse(within, { key: 'locale.empty', name: 'locale' });
  },
});

/** No sign-in and no recovery until it is enabled again. */
export const disable = (user, how) => openTask(user, {
  title: 'disable.title', intro: 'disable.intro', submit: 'disable.submit', kind: 'danger',
}, { ...how, method: 'PATCH', news: 'disable.done', action: 'disable', order: () => ({ disabled: true }) });

export const enable = (user, how) => openTask(user, {
  title: 'enable.title', intro: 'enable.intro', submit: 'enable.submit',
}, { ...how, method: 'PATCH', news: 'enable.done', action: 'disable', order: () => ({ disabled: false }) });

/** Sign-ins and recoveries again, whatever others used up. */
export const unlock = (user, { path, done }) => openTask(user, {
  title: 'unlock.title', intro: 'unlock.intro', submit: 'unlock.submit',
}, { path: `${path}/unlock`, done, news: 'unlock.done', action: 'unlock' });

/** The end of all sessions, with the same password. */
export const signOut = (user, { path, done }) => openTask(user, {
  title: 'sign-out.title', intro: 'sign-out.intro', submit: 'sign-out.submit',
}, { path: `${path}/sign-out`, done, news: 'sign-out.done', action: 'sign-out' });

/** Another password at the next sign-in; or none, if one is asked for by now. */
export function requireChange(user, { path, done }) {
  const { must_change: isRequired, expires_at: at } = user.credential;
  const required = !isRequired;
  const [title, intro, submit, news] = required
    ? ['require.title', 'require.intro', 'require.submit', 'require.asked']
    // A temporary password expires all the same.
    : ['lift.title', at === null ? 'lift.intro' : 'lift.temporary', 'lift.submit', 'require.lifted'];
  return openTask(user, { title, intro, values: { at }, submit }, {
    path: `${path}/password-change`, method: 'PUT', done, news, action: 'require', order: () => ({ required }),
  });
}

/** Gone for good: whoever does it types the address first. */
export const remove = (user, { path }) => openTask(user, {
  title: 'delete.title', intro: 'delete.intro', submit: 'delete.submit', kind: 'danger',
  fields: [line('confirm', 'delete.confirm', { type: 'email' })],
}, {
  path, method: 'DELETE',
  order(within) {
    const isSame = within.elements.confirm.value.trim().toLowerCase() === user.email.toLowerCase();
    return isSame ? {} : refuse(within, { key: 'delete.mismatch', name: 'confirm' });
  },
  // Somebody else may have been quicker.
  isDone: ({ ok, problem }) => ok || problem === 'not-found',
  done: () => location.assign('#/users?deleted'),
});
