// Users as the portal's views name them: by the address, which is looked up where only the id is known.

import { address, make, mark, verbatim } from './dom.js';
import { ask, scopes } from './session.js';

// So many calls at once, for what a list would show as well.
const AT_ONCE = 4;
// The addresses that were seen in this session, and the links that wait for one, by the ids of their users.
const seen = new Map();
const wanted = new Map();
let asking = 0;

/** Where the portal shows the user `id`. */
export const placeOf = (id) => `#/users/${encodeURIComponent(id)}`;

/** The path of the user `id` in the contract. */
export const pathOf = (id) => `/v1/admin/users/${encodeURIComponent(id)}`;

/** Keeps a user's address. */
export const remember = ({ id, email }) => seen.set(id, email);

/** A link to the user `id`, by the address if the key may know it; by the id until it is known, or if there is none. */
export function person(id) {
  const link = make('a', { href: placeOf(id) }, seen.has(id) ? address(seen.get(id)) : verbatim(id));
  if (!seen.has(id) && scopes.has('users:read')) {
    wanted.set(id, [...wanted.get(id) ?? [], link]);
    // The link is part of the view by then.
    setTimeout(lookUp);
  }
  return link;
}

/** The address of the user `id`; the id itself, if the key may not know it or nobody has it. */
export async function addressOf(id) {
  if (!seen.has(id) && scopes.has('users:read')) {
    const outcome = await ask(pathOf(id));
    if (outcome.ok) remember(outcome.value);
  }
  return seen.get(id) ?? id;
}

async function lookUp() {
  if (asking === AT_ONCE) return;
  asking += 1;
  for (const [id, links] of wanted) {
    wanted.delete(id);
    if (!links.some((link) => link.isConnected)) continue;
    const outcome = await ask(pathOf(id));
    if (!outcome.ok) continue;
    remember(outcome.value);
    for (const link of links) link.replaceChildren(address(outcome.value.email));
  }
  asking -= 1;
}

/** The marks of a user: what is unusual about the account. */
export const marks = ({ disabled, credential, locked_until: locked }) => make('span', { class: 'marks' },
  disabled && mark('user.disabled', 'bad'),
  locked && mark('user.locked', 'bad'),
  credential === null ? mark('user.no-password') : credential.must_change && mark('user.must-change'));

/** Forgets whose addresses were seen. */
export function forgetPeople() {
  seen.clear();
  wanted.clear();
  asking = 0;
}
