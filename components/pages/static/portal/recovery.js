// Starting a recovery for a user: by email, or with link and code to be read out.

import { closer, hold, turn } from './dialog.js';
import { facts, make, secret, time } from './dom.js';
import { radios } from './forms.js';
import { expiry } from './more.js';
import { openTask } from './task.js';

const EXPIRIES = [300, 1200, 3600, 14_400, 86_400];

/** Opens the dialog. */
export const startRecovery = (user, { path, done }) => openTask(user, {
  title: 'recovery.title', intro: 'recovery.intro', submit: 'recovery.submit',
  fields: [
    radios('deliver', 'recovery.deliver', [
      ['email', 'recovery.email', { checked: true, values: { email: user.email } }],
      ['return', 'recovery.return', { hint: 'recovery.return-hint' }],
    ]),
    expiry('recovery.expiry', Number(document.body.dataset.linkSeconds), 'recovery.expiry-usual', EXPIRIES),
  ],
}, {
  path: `${path}/recovery`,
  order: ({ elements: { deliver, expires_in: expiry } }) => (
    { deliver: deliver.value, ...(expiry.value && { expires_in: Number(expiry.value) }) }),
  finish(dialog, answer) {
    dialog.addEventListener('shut', () => done('recovery.started', {}, 'recovery'));
    show(dialog, answer);
    return true;
  },
});

/** The end of the recovery that is under way: its link and code stop working. */
export const stopRecovery = (user, { path, done }) => openTask(user, {
  title: 'stop.title', intro: 'stop.intro', submit: 'stop.submit',
}, { path: `${path}/challenge`, method: 'DELETE', done, news: 'stop.done', action: 'recovery' });

/** The same for a user without a password, who may have been invited: the contract does not say which of the two it is. */
export const stopEither = (user, { path, done }) => openTask(user, {
  title: 'stop.either-title', intro: 'stop.either-intro', submit: 'stop.either',
}, { path: `${path}/challenge`, method: 'DELETE', done, news: 'stop.either-done', action: 'recovery' });

function show(dialog, { link, code, expires_at: at, code_expires_at: codeAt }) {
  if (link !== undefined) hold(dialog);
  const part = (t, text) => make('div', {}, make('h3', { t }), secret(text));
  turn(dialog, 'recovery.started',
    link ? [part('recovery.link', link), part('recovery.code', code),
      make('p', { t: 'recovery.page', values: { page: `${location.origin}/verify-otp` } }), make('p', { class: 'warning', t: 'recovery.once' })]
      : make('p', { t: 'recovery.mailed' }),
    facts(
      ['recovery.link', time(at, 'recovery.until', { ago: false })],
      ['recovery.code', time(codeAt, 'recovery.until', { ago: false })]),
    make('div', { class: 'buttons' }, closer(dialog, 'close')));
}
