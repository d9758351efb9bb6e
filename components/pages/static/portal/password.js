// Changing a user's password: typed or generated, sent or shown once.

import { closer, hold, openDialog, turn } from './dialog.js';
import { facts, make, secret, time, words } from './dom.js';
import { form, group, line, radios, refuse, refuseAs, revealing, select, tick } from './forms.js';
import { policy, rules } from './policy.js';
import { reason, reasonOf } from './reason.js';
import { ask, scopes } from './session.js';

const EXPIRIES = [3600, 28_800, 86_400, 259_200, 604_800, 2_592_000];

/** Opens the dialog. */
export function changePassword(user, { path, done }) {
  const choice = radios('way', 'reset.way', [
    ['generate', 'reset.generate', { checked: true, hint: 'reset.generate-hint' }],
    ['type', 'reset.type', {}],
  ]);
  const password = revealing(line('password', 'password.label', { type: 'password', autocomplete: 'new-password' }));
  password.querySelector('label').after(rules());
  const typed = make('div', { class: 'nested', hidden: true }, password);
  const seen = tick('return_password', 'reset.show', { hint: 'reset.show-hint' });
  const sent = tick('send_email', 'reset.send', { values: { email: user.email }, checked: true });
  const delivery = group('delivery', 'reset.delivery', sent, seen);
  const expiry = select('expires_in', 'reset.expiry',
    [['', 'reset.expiry-usual'], ...EXPIRIES.map((seconds) => [String(seconds), 'after', { seconds }])], { hint: 'reset.expiry-hint' });
  // Until somebody says otherwise, what is generated is sent, and what is typed is not.
  let decided = false;
  sent.addEventListener('change', () => {
    decided = true;
  });
  choice.addEventListener('change', (event) => {
    const types = event.target.value === 'type';
    typed.hidden = !types;
    // Whoever typed it knows it.
    seen.hidden = types;
    if (!decided) sent.querySelector('input').checked = !types;
  });
  choice.querySelector('[value=type]').parentElement.hidden = !policy.admin_may_choose;
  openDialog('reset.title', (dialog) => form([
    choice, typed, delivery,
    group('then', 'reset.then',
      tick('change_on_next_sign_in', 'reset.change', { checked: true }),
      tick('sign_out_everywhere', 'reset.sign-out', { checked: true })),
    expiry,
    reason(),
  ], 'reset.submit', async (within) => {
    const order = read(within);
    if (order.password === '') return refuse(within, { key: 'password.empty', name: 'password' });
    const outcome = await ask(`${path}/reset-password`, order);
    if (!outcome.ok) return refuseAs(within, outcome, policy);
    within.reset();
    finish(dialog, outcome.value, () => done('reset.done', {}, 'password'));
  }, { beside: [closer(dialog)] }), { about: user });
}

function read({ elements }) {
  const types = elements.way.value === 'type';
  const order = types
    ? { password: elements.password.value }
    : { generate: true, return_password: elements.return_password.checked };
  order.send_email = elements.send_email.checked;
  for (const name of ['change_on_next_sign_in', 'sign_out_everywhere']) order[name] = elements[name].checked;
  if (elements.expires_in.value) order.expires_in = Number(elements.expires_in.value);
  return { ...order, ...reasonOf({ elements }) };
}

function finish(dialog, answer, then) {
  const { password, expires_at: expires, email_id: email, change_required: change } = answer;
  if (password !== undefined) hold(dialog);
  dialog.addEventListener('shut', then);
  turn(dialog, 'reset.done',
    password && secret(password),
    password && make('p', { class: 'warning', t: 'reset.once' }),
    // Beside a password, which would be gone with the dialog, there is no way out of it.
    email && make('p', {}, words('reset.mailed'), ' ',
      !password && scopes.has('emails') && make('a', { href: `#/emails/${email}`, t: 'emails.see' })),
    facts(
      ['security.must-change', words(change ? 'yes' : 'no')],
      ['security.expires', expires ? time(expires) : words('never')],
    ),
    make('div', { class: 'buttons' }, closer(dialog, 'close')));
}
