// The users, a page at a time, and the search for one of them.

import { button, make, mark, section, time, verbatim } from './dom.js';
import { form, line, refuse, refuseAs } from './forms.js';
import { lacking, load, put } from './load.js';
import { ask, scopes } from './session.js';

// The cursors of the pages that led to this one, for the way back.
const trail = [];

/** The marks of a user: what is unusual about the account. */
export const marks = ({ disabled, credential }) => make('span', { class: 'marks' },
  disabled && mark('user.disabled', 'bad'),
  credential === null ? mark('user.no-password') : credential.must_change && mark('user.must-change'));

const row = (user) => make('li', {},
  make('a', { href: `#/users/${user.id}` }, verbatim(user.email)), marks(user), time(user.created_at));

const listed = (users) => make('ul', { class: 'rows' }, ...users.map(row));

/** The view of the page after the cursor `after`. */
export function usersView(after) {
  if (!scopes.has('users')) return section('users.title', lacking('users'));
  const place = make('div', {});
  const all = () => load(place, () => ask(`/v1/admin/users?limit=50${after ? `&cursor=${after}` : ''}`), (page) => shown(page, after));
  const search = form([line('email', 'users.search', { type: 'email' })], 'users.find', async (within) => {
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
    if (found) return location.assign(`#/users/${found.id}`);
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

/** Forgets which pages were looked at. */
export function forgetPages() {
  trail.length = 0;
}
