// Dialogs that change an account, and the one that deletes it.

import { closer, openDialog, shut } from './dialog.js';
import { address, make } from './dom.js';
import { form, line, refuse, refuseAs, select } from './forms.js';
import { languages } from './languages.js';
import { ask } from './session.js';

/** A dialog around a form, which changes the account by what `order` returns, unless that is nothing. */
function changing(title, { path, done, news, action }, intro, fields, submit, order, kind) {
  const dialog = openDialog(title, (opened) => [
    make('p', { t: intro }),
    form(fields, submit, async (within) => {
      const body = order(within);
      if (!body) return;
      const outcome = await ask(path, body, { method: 'PATCH' });
      if (!outcome.ok) return refuseAs(within, outcome);
      shut(opened);
      await done(news, {}, action);
    }, { kind, beside: [closer(opened)] }),
  ]);
  dialog.querySelector('input, select')?.focus();
}

/** Another address. */
export const changeAddress = (user, how) => changing(
  'address.title', { ...how, news: 'address.done', action: 'address' }, 'address.intro',
  [line('email', 'address.label', { type: 'email', value: user.email })], 'address.submit',
  (within) => {
    const email = within.elements.email.value.trim();
    return email ? { email } : refuse(within, { key: 'email.empty', name: 'email' });
  },
);

/** Another language. */
export const changeLanguage = (user, how) => changing(
  'locale.title', { ...how, news: 'locale.done', action: 'locale' }, 'locale.intro',
  [select('locale', 'user.locale', languages(user.locale), { value: user.locale ?? '' })], 'locale.submit',
  (within) => {
    const locale = within.elements.locale.value;
    return locale || user.locale !== null ? { locale: locale || null } : refuse(within, { key: 'locale.empty', name: 'locale' });
  },
);

/** No sign-in and no recovery until it is enabled again. */
export const disable = (user, how) => changing(
  'disable.title', { ...how, news: 'disable.done', action: 'disable' }, 'disable.intro', [], 'disable.submit',
  () => ({ disabled: true }), 'danger',
);

/** Gone for good: whoever does it types the address first. */
export function remove(user, { path }) {
  const dialog = openDialog('delete.title', (opened) => [
    make('p', { t: 'delete.intro' }),
    make('p', { class: 'address' }, address(user.email)),
    form([line('confirm', 'delete.confirm', { type: 'email' })], 'delete.submit', async (within) => {
      if (within.elements.confirm.value.trim().toLowerCase() !== user.email.toLowerCase()) return refuse(within, { key: 'delete.mismatch', name: 'confirm' });
      const outcome = await ask(path, undefined, { method: 'DELETE' });
      // Somebody else was quicker.
      if (!outcome.ok && outcome.problem !== 'not-found') return refuseAs(within, outcome);
      shut(opened);
      location.assign('#/users?deleted');
    }, { kind: 'danger', beside: [closer(opened)] }),
  ]);
  dialog.querySelector('input').focus();
}
