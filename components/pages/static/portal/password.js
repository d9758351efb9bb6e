// Changing a user's password: typed or generated, sent or read out.

import { say } from '../text.js';
import { closer, hold, openDialog, turn } from './dialog.js';
import { facts, make, secret, time, words } from './dom.js';
import { drawing } from './draw.js';
import { form, group, line, radios, refuse, refuseAs, revealing, tick } from './forms.js';
import { expiry, more } from './more.js';
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
  // What the page draws is chosen by whoever draws it: where that may not be, the server generates and nobody sees it before.
  const drawn = policy.admin_may_choose ? drawing() : undefined;
  const password = revealing(line('password', 'password.label', { type: 'password', autocomplete: 'new-password' }));
  password.querySelector('label').after(rules());
  const typed = make('div', { class: 'nested', hidden: true }, password);
  const seen = tick('return_password', 'reset.show', { hint: 'reset.show-hint' });
  const sent = tick('send_email', 'reset.send', { values: { email: user.email }, checked: true });
  const delivery = group('delivery', 'reset.delivery', sent, seen);
  seen.hidden = Boolean(drawn);
  const life = expiry('reset.expiry', policy.temporary_password_expires_in, 'reset.expiry-usual', EXPIRIES);
  const change = tick('change_on_next_sign_in', 'reset.change', { checked: true });
  // A password that need not be changed works until it is.
  const usual = life.querySelector('option');
  change.addEventListener('change', ({ target: { checked } }) => {
    if (!policy.temporary_password_expires_in) return;
    if (checked) say(usual, 'expiry.default', { seconds: policy.temporary_password_expires_in });
    else say(usual, 'expiry.default-never');
  });
  // Until somebody says otherwise, what is generated is sent, and what is typed is not.
  let decided = false;
  sent.addEventListener('change', () => {
    decided = true;
  });
  choice.addEventListener('change', (event) => {
    const types = event.target.value === 'type';
    typed.hidden = !types;
    if (drawn) drawn.part.hidden = types;
    // Whoever typed or drew it knows it.
    seen.hidden = types || Boolean(drawn);
    if (!decided) sent.querySelector('input').checked = !types;
  });
  choice.querySelector('[value=type]').parentElement.hidden = !policy.admin_may_choose;
  openDialog('reset.title', (dialog) => form([
    choice, drawn?.part, typed, delivery, group('then', 'reset.then', change), reason(),
    more(tick('sign_out_everywhere', 'reset.sign-out', { checked: true }), life),
  ], 'reset.submit', async (within) => {
    const order = read(within, drawn);
    if (order.password === '') return refuse(within, { key: 'password.empty', name: 'password' });
    const outcome = await ask(`${path}/reset-password`, order);
    if (!outcome.ok) return refuseAs(within, outcome, policy);
    const isDrawn = within.elements.way.value === 'generate' && drawn;
    within.reset();
    // What was not sent may have to be read once more.
    const once = isDrawn && !order.send_email ? { password: order.password } : {};
    finish(dialog, { ...outcome.value, ...once }, () => done('reset.done', {}, 'password'));
  }, { beside: [closer(dialog)] }), { about: user });
}

function read({ elements }, drawn) {
  const chosen = elements.way.value === 'type' ? elements.password.value : drawn?.value();
  const order = chosen === undefined ? { generate: true, return_password: elements.return_password.checked } : { password: chosen };
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
