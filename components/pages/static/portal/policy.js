// The rules for passwords, as the server tells them.

import { call } from '../api.js';
import { say } from '../text.js';
import { make } from './dom.js';

/** The contract's figures until the server has told its own. */
export const policy = { min_length: 8, max_length: 256, min_strength: 3, admin_may_choose: true };

/** Has the server tell them. */
export async function learn() {
  const outcome = await call('/v1/password-policy');
  if (outcome.ok) Object.assign(policy, outcome.value);
}

/** The rules in words. */
export function rules() {
  const length = make('li', { t: 'password.rule.length', values: { count: policy.min_length } });
  const guess = make('li', { t: 'password.rule.guess' });
  learn().then(() => {
    say(length, 'password.rule.length', { count: policy.min_length });
    guess.hidden = policy.min_strength === 0;
  });
  return make('ul', { class: 'rules' }, length, guess, make('li', { t: 'password.rule.name' }));
}
