// The users, a page at a time, and the search for one of them.

import { address, button, make, mark, section, verbatim } from './dom.js';
import { form, line, refuse, refuseAs } from './forms.js';
import { lacking, load, put } from './load.js';
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

// The cursors of the pages that led to this one, for the way back.
const trail = [];

/** The marks of a user: what is unusual about the account. */
export const marks = ({ disabled, credential }) => make('span', { class: 'marks' },
  disabled && mark('user.disabled', 'bad'),
  credential === null ? mark('user.no-password') : credential.must_change && mark('user.must-change'));

const row = (user) => make('li', {},
  make('a', { href: placeOf(user.id) }, address(user.email)), marks(user),
  make('time', { datetime: user.created_at, t: 'users.created', values: { at: user.created_at } }));

const listed = (users) => make('ul', { class: 'rows' }, ...users.map(row));

/** The view of the page after the cursor `after`. */
export function usersView(after) {
  if (!scopes.has('users:read')) return section('users.title', lacking('users:read'));
  const place = make('div', {});
  const all = () => load(place, () => ask(`/v1/admin/users?limit=50${after ? `&cursor=${after}` : ''}`), (page) => shown(page, after));
  const search = form([line('email', 'users.search', { type: 'email', hint: 'users.search-hint' })], 'users.find', async (within) => {
    const email = within.elements.email.value.trim();
    if (!email) return refuse(within, { key: 'email.empty', name: 'email' });
    if (within.elements.email.validity.typeMismatch) return refuse(within, { key: 'email.invalid', name: 'email' });
    const outcome = await ask(`/v1/admin/users?email=${encodeURIComponent(email)}`);
    // Somebody who went on is not called back.
    if (!place.isConnected) return;
    if (!outcome.ok) {
      return outcome.problem === 'validation-failed'
        ? refuse(within, { key: 'email.invalid', name: 'email' }) : refuseAs(within, outcome);
    }
    const [found] = outcome.value.users;
    if (found) return location.assign(placeOf(found.id));
    const nobody = make('p', { class: 'none', tabindex: '-1', t: 'users.nobody', values: { email } });
    put(place, nobody, button('users.all', all));
    nobody.focus();
  });
  search.classList.add('search');
  search.setAttribute('role', 'search');
  all();
  return section('users.title',
    make('p', { class: 'buttons' },
      make('a', { class: 'button quiet', href: '#/new-user', t: 'create.open' }),
      make('a', { class: 'button quiet', href: '#/import', t: 'import.open' })),
    search, place);
}

function shown({ users, next_cursor: next }, after) {
  users.forEach(remember);
  if (users.length === 0) {
    return after
      ? [make('p', { class: 'none', t: 'users.end' }), make('p', {}, make('a', { href: '#/users', t: 'users.first' }))]
      : make('p', { class: 'none', t: 'users.none' });
  }
  if (!after) trail.length = 0;
  if (trail.includes(after)) trail.length = trail.indexOf(after);
  const previous = trail.at(-1);
  trail.push(after ?? '');
  const links = make('nav', { class: 'pages', 'aria-labelledby': 'pages' }, make('h2', { class: 'unseen', id: 'pages', t: 'users.pages' }));
  if (previous !== undefined) {
    links.append(make('a', { href: previous ? `#/users?after=${previous}` : '#/users', t: 'users.previous' }));
  } else if (after) {
    links.append(make('a', { href: '#/users', t: 'users.first' }));
  }
  if (next !== null) links.append(make('a', { href: `#/users?after=${next}`, t: 'users.next' }));
  return [listed(users), links.children.length > 1 && links];
}

/** Forgets which pages were looked at, and who was on them. */
export function forgetUsers() {
  trail.length = 0;
  seen.clear();
  wanted.clear();
  asking = 0;
}
