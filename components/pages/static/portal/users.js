// The users: found as one types, narrowed to a state, a page at a time.

import { downloader, dated } from './download.js';
import { address, announce, button, make, section, time, verbatim, words } from './dom.js';
import { line, select } from './forms.js';
import { load, only } from './load.js';
import { marks, placeOf, remember } from './people.js';
import { pushPlace, replacePlace } from './place.js';
import { MOST, count, isTicked, tickNobody, tickUser, whenTicked } from './selection.js';
import { ask, scopes } from './session.js';

const PAGE = 50;
// Milliseconds without another key before what was typed is looked for.
const PAUSE = 200;
const STATES = [
  ['', 'users.any'], ['disabled', 'user.disabled'], ['no_password', 'user.no-password'], ['must_change', 'user.must-change'],
  ['locked', 'user.locked'],
];
const ORDERS = [['newest', 'users.newest'], ['oldest', 'users.oldest']];

const mayTick = () => scopes.has('users:write') || scopes.has('reset');

/** The view of the list that the address's `query` and the tab's history describe. */
export const usersView = (query) => only('users:read', 'users.title', () => list(query));

/** What to look for: the state and the order are in the address; what was typed and the page are not. */
function chosen(query = '') {
  const named = new URLSearchParams(query);
  const one = (options, name) => options.find(([value]) => value === named.get(name))?.[0] ?? options[0][0];
  const { q = '', cursor = null } = history.state ?? {};
  return { q, cursor, state: one(STATES, 'state'), order: one(ORDERS, 'order') };
}

function hashOf({ state, order }) {
  const query = new URLSearchParams({ ...(state && { state }), ...(order !== 'newest' && { order }) }).toString();
  return query ? `#/users?${query}` : '#/users';
}

const stateOf = ({ q, cursor }) => (q || cursor ? { q, cursor } : null);

function pathOf({ q, cursor, state, order }) {
  const query = new URLSearchParams({ limit: PAGE, order, ...(q && { q }), ...(state && { [state]: 'true' }), ...(cursor && { cursor }) });
  return `/v1/admin/users?${query}`;
}

function list(query) {
  const wanted = chosen(query);
  const place = make('div', {});
  let aborter = new AbortController();
  const look = async () => {
    aborter.abort();
    aborter = new AbortController();
    const { signal } = aborter;
    await load(place, () => ask(pathOf(wanted), undefined, { signal }), (page) => shown(page, wanted, turn), undefined, { keeps: true });
    return !signal.aborted;
  };
  const refind = async (changes) => {
    Object.assign(wanted, { cursor: null, ...changes });
    replacePlace(hashOf(wanted), stateOf(wanted));
    const told = await look() && place.querySelector('[data-count]');
    if (told) announce(told.dataset.t, JSON.parse(told.dataset.values));
  };
  const turn = async (cursor) => {
    wanted.cursor = cursor;
    pushPlace(hashOf(wanted), stateOf(wanted));
    await look();
    scrollTo(0, 0);
    place.querySelector('[data-count], .none')?.focus();
  };
  look();
  return section('users.title', actions(), searching(wanted, refind, place), place);
}

const actions = () => make('div', { class: 'buttons' },
  scopes.has('users:write') && make('a', { class: 'button quiet', href: '#/new-user', t: 'create.open' }),
  scopes.has('users:write') && make('a', { class: 'button quiet', href: '#/import', t: 'import.open' }),
  ...downloader('export.open', () => '/v1/admin/users/export', () => dated('users', 'ndjson')),
  mayTick() && make('a', { class: 'button quiet', href: '#/bulk', t: 'bulk.open' }));

function searching(wanted, refind, place) {
  const search = line('q', 'users.search', { type: 'search', hint: 'users.search-hint', value: wanted.q, maxlength: '254', 'aria-keyshortcuts': '/' });
  search.classList.add('key');
  const state = select('state', 'users.state', STATES, { value: wanted.state });
  const order = select('order', 'users.order', ORDERS, { value: wanted.order });
  const made = make('form', { class: 'search finding', role: 'search', method: 'dialog' }, search, state, order);
  const { q } = made.elements;
  let pausing;
  let finding;
  const typed = () => {
    clearTimeout(pausing);
    if (q.value.trim() !== wanted.q) finding = refind({ q: q.value.trim() });
    return finding;
  };
  q.addEventListener('input', () => {
    clearTimeout(pausing);
    pausing = setTimeout(typed, PAUSE);
  });
  made.addEventListener('change', ({ target: { name, value } }) => (name === 'q' ? typed() : refind({ [name]: value })));
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    await typed();
    // Who presses Enter at the only one means that one.
    const found = place.querySelectorAll('.rows a');
    if (q.value.trim() && found.length === 1 && document.activeElement === q) found[0].click();
  });
  return made;
}

function shown({ users, total, next_cursor: next, previous_cursor: previous, complete }, wanted, turn) {
  users.forEach(remember);
  const late = complete === false && make('p', { class: 'hint', t: 'users.late' });
  if (users.length === 0) return [late, none(wanted, turn)].flat();
  const pages = (previous || next) && make('nav', { class: 'pages', 'aria-labelledby': 'pages' },
    make('h2', { class: 'unseen', id: 'pages', t: 'users.pages' }),
    previous && button('users.previous', () => turn(previous)), next && button('users.next', () => turn(next)));
  const heads = make('div', { class: 'heads' }, counted(users.length, total, Boolean(pages)), mayTick() && ticking(users));
  return [late, heads, make('ul', { class: 'rows' }, ...users.map((user) => row(user, wanted))), pages];
}

/** How many are shown, of how many if that is known. */
function counted(shownNow, total, isPart) {
  const isAll = total === null || (!isPart && total === shownNow);
  const [key, values] = isAll ? ['users.count', { count: shownNow }] : ['users.part', { shown: shownNow, count: total }];
  return make('p', { 'data-count': true, tabindex: '-1', t: key, values });
}

function none({ q, state, cursor }, turn) {
  if (cursor) {
    return [make('p', { class: 'none', tabindex: '-1', t: 'users.end' }), button('users.first', () => turn(null))];
  }
  return make('p', { class: 'none', 'data-count': true, t: q || state ? 'users.nobody' : 'users.none', values: {} });
}

const row = (user, { q }) => make('li', {},
  mayTick() && tickOf(user),
  make('div', { class: 'entry' },
    make('a', { href: placeOf(user.id) }, address(user.email)), marks(user),
    time(user.created_at, 'users.created'),
    // Found by it, in any case.
    q && user.id.toLowerCase().startsWith(q.toLowerCase()) && make('p', { class: 'about' }, verbatim(user.id, 'code'))));

const tickOf = (user) => make('input', {
  type: 'checkbox', class: 'tick', 'data-tick': user.id, 'aria-label': user.email, checked: isTicked(user.id),
  on: { change: ({ target }) => { target.checked = tickUser(user, target.checked); } },
});

/** How many are ticked, what can be done with them, and a box for all that are shown. */
function ticking(users) {
  const all = make('input', { type: 'checkbox', id: 'tick-all' });
  const what = make('span', { class: 'ticked' });
  const show = () => {
    all.checked = users.every(({ id }) => isTicked(id));
    what.hidden = count() === 0;
    what.replaceChildren(
      words(count() < MOST ? 'users.ticked' : 'users.most', { count: count() }), make('a', { href: '#/bulk', t: 'bulk.these' }),
      button('users.untick', () => {
        tickNobody();
        for (const box of document.querySelectorAll('[data-tick]')) box.checked = false;
        all.focus();
      }));
  };
  all.addEventListener('change', () => {
    const isWanted = all.checked;
    for (const user of users) {
      const isTaken = tickUser(user, isWanted);
      for (const box of document.querySelectorAll('[data-tick]')) if (box.dataset.tick === user.id) box.checked = isTaken;
    }
  });
  whenTicked(show);
  show();
  return make('div', { class: 'choice' }, all, make('label', { for: 'tick-all', t: 'users.tick-all' }), what);
}

const searchField = () => document.querySelector('.finding [name=q]');

function find() {
  searchField()?.focus();
  searchField()?.select();
}

// The key that leads to a search in many places, from wherever one is.
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.target.closest?.('select, textarea, input:not([type=checkbox], [type=radio])') || !scopes.has('users:read')) return;
  event.preventDefault();
  if (searchField()) return find();
  // The view is there once the address has been followed.
  addEventListener('hashchange', find, { once: true });
  location.assign('#/users');
});
