// A new user.

import { make, section, under } from './dom.js';
import { form, group, line, radios, refuse, refuseAs, revealing, select, tick } from './forms.js';
import { languages } from './languages.js';
import { lacking } from './load.js';
import { policy, rules } from './policy.js';
import { ask, scopes } from './session.js';
import { placeOf } from './users.js';

export function createView() {
  if (!scopes.has('users:write')) return under('#/users', 'users.back', section('create.title', lacking('users:write')));
  const password = revealing(line('password', 'password.label', { type: 'password', autocomplete: 'new-password' }));
  password.querySelector('label').after(rules());
  const change = group('change', 'create.then', tick('change_on_next_sign_in', 'reset.change', { checked: true }));
  const typed = make('div', { class: 'nested', hidden: true }, password, change);
  const choice = radios('password_choice', 'create.password', [
    ['none', 'create.without', { checked: true, hint: 'create.without-hint' }],
    ['typed', 'create.with', {}],
  ]);
  choice.addEventListener('change', () => {
    typed.hidden = made.elements.password_choice.value !== 'typed';
  });
  const made = form([
    line('email', 'email.label', { type: 'email' }),
    line('id', 'create.id', { hint: 'create.id-hint' }),
    select('locale', 'user.locale', languages()),
    choice, typed,
  ], 'create.submit', async (within) => {
    const { email, id, locale, password_choice: choose, password: secret, change_on_next_sign_in: must } = within.elements;
    if (!email.value.trim()) return refuse(within, { key: 'email.empty', name: 'email' });
    const order = { email: email.value.trim() };
    if (id.value.trim()) order.id = id.value.trim();
    if (locale.value) order.locale = locale.value;
    if (choose.value === 'typed') {
      if (!secret.value) return refuse(within, { key: 'password.empty', name: 'password' });
      Object.assign(order, { password: secret.value, change_on_next_sign_in: must.checked });
    }
    const outcome = await ask('/v1/admin/users', order);
    if (outcome.problem === 'conflict' && order.id) return refuse(within, await taken(order));
    if (!outcome.ok) return refuseAs(within, outcome, policy);
    within.reset();
    location.replace(`${placeOf(outcome.value.id)}?created`);
  }, { beside: [make('a', { class: 'button quiet', href: '#/users', t: 'cancel' })] });
  made.dataset.keeps = '';
  return under('#/users', 'users.back', section('create.title', made));
}

/** Which of the two another user has: the contract does not say. */
async function taken({ email }) {
  const outcome = await ask(`/v1/admin/users?email=${encodeURIComponent(email)}`);
  if (!outcome.ok) return { key: 'conflict.both', name: 'email' };
  return outcome.value.users.length > 0 ? { key: 'conflict.email', name: 'email' } : { key: 'conflict.id', name: 'id' };
}
