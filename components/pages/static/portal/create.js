// A new user: invited, or with a password that is generated or typed, or with none.

import { closer, hold, openDialog } from './dialog.js';
import { announce, facts, make, secret, section, time, under, words } from './dom.js';
import { drawing } from './draw.js';
import { form, group, line, radios, refuse, refuseAs, revealing, select, tick } from './forms.js';
import { delivery as invitationTo, invitationOf, life } from './invite.js';
import { languages } from './languages.js';
import { only } from './load.js';
import { more } from './more.js';
import { placeOf } from './people.js';
import { policy, rules } from './policy.js';
import { reason, reasonOf } from './reason.js';
import { ask, scopes } from './session.js';

/** The view. */
export const createView = () => under('#/users', 'users.back', only('users:write', 'create.title', () => section('create.title', creating())));

function creating() {
  const password = revealing(line('password', 'password.label', { type: 'password', autocomplete: 'new-password' }));
  password.querySelector('label').after(rules());
  const typed = make('div', { class: 'nested', hidden: true }, password);
  const delivery = group('delivery', 'reset.delivery',
    tick('send_email', 'create.send', { checked: true }), tick('return_password', 'reset.show', { hint: 'reset.show-hint' }));
  const drawn = policy.admin_may_choose ? drawing() : undefined;
  // Whoever drew it knows it.
  if (drawn) delivery.querySelector('[name=return_password]').parentElement.hidden = true;
  const generated = make('div', { class: 'nested', hidden: true }, drawn?.part, delivery);
  const invited = make('div', { class: 'nested' }, invitationTo());
  const linkLife = life();
  const change = group('change', 'create.then', tick('change_on_next_sign_in', 'reset.change', { checked: true }));
  change.hidden = true;
  const choice = radios('way', 'create.password', [
    ['invite', 'create.invite', { checked: true, hint: 'create.invite-hint' }],
    ['generate', 'reset.generate', {}],
    ['type', 'reset.type', {}],
    ['none', 'create.without', { hint: 'create.without-hint' }],
  ]);
  choice.addEventListener('change', ({ target: { value } }) => {
    invited.hidden = value !== 'invite';
    linkLife.hidden = value !== 'invite';
    generated.hidden = value !== 'generate';
    typed.hidden = value !== 'type';
    change.hidden = !['generate', 'type'].includes(value);
  });
  choice.querySelector('[value=type]').parentElement.hidden = !policy.admin_may_choose;
  const made = form([
    line('email', 'email.label', { type: 'email' }),
    choice, invited, generated, typed, change,
    more(linkLife, select('locale', 'user.locale', languages()), line('id', 'create.id', { hint: 'create.id-hint' }), reason()),
  ], 'create.submit', (within) => create(within, drawn), {
    beside: [scopes.has('users:read') && make('a', { class: 'button quiet', href: '#/users', t: 'cancel' })],
  });
  made.dataset.keeps = '';
  return made;
}

async function create(within, drawn) {
  const { email, password } = within.elements;
  if (!email.value.trim()) return refuse(within, { key: 'email.empty', name: 'email' });
  const order = orderOf(within, drawn);
  if (order.password === '') return refuse(within, { key: 'password.empty', name: 'password' });
  const outcome = await ask('/v1/admin/users', order);
  if (outcome.problem === 'conflict' && order.id && !outcome.detail) return refuse(within, await taken(order));
  if (!outcome.ok) return refuseAs(within, outcome, policy);
  password.value = '';
  const once = drawn && within.elements.way.value === 'generate' && !order.send_email ? { password: order.password } : {};
  finish({ ...outcome.value, ...once }, () => {
    within.reset();
    if (scopes.has('users:read')) return location.replace(`${placeOf(outcome.value.id)}?created`);
    // The key may create more users, and not see any.
    const fresh = creating();
    within.replaceWith(make('p', { class: 'notice done', t: 'create.done' }), fresh);
    announce('create.done');
    fresh.elements.email.focus();
    return undefined;
  });
}

function orderOf(within, drawn) {
  const { email, id, locale, way, password, send_email: send, return_password: show, change_on_next_sign_in: change } = within.elements;
  const order = {
    email: email.value.trim(),
    ...(id.value.trim() && { id: id.value.trim() }),
    ...(locale.value && { locale: locale.value }),
    ...reasonOf(within),
  };
  switch (way.value) {
    case 'invite':
      return { ...order, invite: invitationOf(within) };
    case 'generate':
      return {
        ...order,
        ...(drawn ? { password: drawn.value() } : { generate: true, return_password: show.checked }),
        send_email: send.checked, change_on_next_sign_in: change.checked,
      };
    case 'type':
      return { ...order, password: password.value, change_on_next_sign_in: change.checked };
    default:
      return order;
  }
}

/** Shows once what is to be passed on, if there is something, and goes on. */
function finish({ email, password, email_id: mail, credential, invitation: invited }, then) {
  const shown = password ?? invited?.link;
  if (shown === undefined) return then();
  const expires = invited?.expires_at ?? credential?.expires_at;
  const dialog = openDialog('create.done', (opened) => [
    secret(shown),
    make('p', { class: 'warning', t: password ? 'reset.once' : 'invite.once' }),
    mail && make('p', {}, words('reset.mailed')),
    expires && facts([invited ? 'invite.expiry' : 'security.expires', time(expires)]),
    make('div', { class: 'buttons' }, closer(opened, 'close')),
  ], { about: { email } });
  hold(dialog);
  dialog.addEventListener('shut', then);
}

/** Which of the two another user has: the contract does not say. */
async function taken({ email }) {
  if (!scopes.has('users:read')) return { key: 'conflict.both', name: 'email' };
  const outcome = await ask(`/v1/admin/users?email=${encodeURIComponent(email)}`);
  if (!outcome.ok) return { key: 'conflict.both', name: 'email' };
  return outcome.value.users.length > 0 ? { key: 'conflict.email', name: 'email' } : { key: 'conflict.id', name: 'id' };
}
