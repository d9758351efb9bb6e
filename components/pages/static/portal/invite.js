// Inviting a user: a link with which the account gets its first password, by email or to be passed on.

import { closer, hold, turn } from './dialog.js';
import { facts, make, secret, time, words } from './dom.js';
import { radios, select } from './forms.js';
import { scopes } from './session.js';
import { openTask } from './task.js';

const EXPIRIES = [3600, 86_400, 259_200, 604_800, 1_209_600];
const USUAL = '604800';

/** Who gets the link, at `email` if that is known. */
export const delivery = (email) => radios('deliver', 'invite.deliver', [
  ['email', email ? 'invite.email' : 'invite.email-new', { checked: true, values: { email } }],
  ['return', 'invite.return', { hint: 'invite.return-hint' }],
]);

/** How long the link works. */
export const life = () => (
  select('expires_in', 'invite.expiry', EXPIRIES.map((seconds) => [String(seconds), 'after', { seconds }]), { value: USUAL })
);

/** What was chosen there and there, as the contract's members. */
export const invitationOf = ({ elements }) => ({ deliver: elements.deliver.value, expires_in: Number(elements.expires_in.value) });

/** Shows in the dialog what became of an invitation: the link, if it was not emailed. */
export function showInvitation(dialog, title, { link, expires_at: at, email_id: email }) {
  if (link !== undefined) hold(dialog);
  turn(dialog, title,
    link && [secret(link), make('p', { class: 'warning', t: 'invite.once' })],
    !link && make('p', {}, words('invite.mailed'), ' ',
      email && scopes.has('emails') && make('a', { href: `#/emails/${email}`, t: 'emails.see' })),
    facts(['invite.expiry', time(at)]),
    make('div', { class: 'buttons' }, closer(dialog, 'close')));
}

/** Opens the dialog that sends an invitation, or another one. */
export const invite = (user, { path, done }) => openTask(user, {
  title: 'invite.title', intro: 'invite.intro', submit: 'invite.submit', fields: [delivery(user.email), life()],
}, {
  path: `${path}/invite`,
  order: invitationOf,
  finish(dialog, answer) {
    dialog.addEventListener('shut', () => done('invite.done', {}, 'invite'));
    showInvitation(dialog, 'invite.done', answer);
    return true;
  },
});
