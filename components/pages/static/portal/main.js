// The portal: its session, and which view is shown.

import { hush, refreshTimes, retitle, say } from '../text.js';
import { bulkView } from './bulk.js';
import { createView } from './create.js';
import { closeAll, isHeld } from './dialog.js';
import { announce, make, section, silence } from './dom.js';
import { emailView, emailsView } from './emails.js';
import { feedView } from './feed.js';
import { form, line, refuse, refuseAs } from './forms.js';
import { stop, watch } from './idle.js';
import { forgetImport, importView } from './import.js';
import { jobView } from './job.js';
import { forgetPeople } from './people.js';
import { heightOf, isSameView, replacePlace, settle, stay } from './place.js';
import { learn } from './policy.js';
import { tickNobody } from './selection.js';
import * as session from './session.js';
import { userView } from './user.js';
import { usersView } from './users.js';

const main = document.querySelector('main');
const tabs = document.querySelector('[data-tabs]');
const soon = document.querySelector('[data-soon]');
const signIn = document.querySelector('[data-view="sign-in"]');
const reason = document.querySelector('[data-reason]');
let shown = signIn;

// What the part of the address after `#` leads to. Nothing secret is ever in it.
const ROUTES = [
  [/^#\/users(?:\?(.*))?$/, usersView, 'users'],
  [/^#\/users\/([^/?#]+)(\?created)?$/, (id, created) => userNamed(id, created), 'users'],
  [/^#\/new-user$/, createView, 'users'],
  [/^#\/import$/, importView, 'users'],
  [/^#\/bulk$/, bulkView, 'users'],
  [/^#\/bulk\/([A-Za-z0-9_-]{1,64})$/, jobView, 'users'],
  [/^#\/events(?:\?(.*))?$/, feedView, 'events'],
  [/^#\/emails(?:\?state=([a-z]+))?$/, emailsView, 'emails'],
  [/^#\/emails\/([A-Za-z0-9_-]{1,64})$/, emailView, 'emails'],
];
const isBlind = () => !session.scopes.has('users:read');
// What a key must be able to do for a part of the portal, the first of which is where it lands. What is reached from the list
// of users stands beside it for a key that may not see that.
const TABS = [
  ['#/users', () => !isBlind()], ['#/events', () => session.scopes.has('events')], ['#/emails', () => session.scopes.has('emails')],
  ['#/new-user', () => isBlind() && session.scopes.has('users:write')], ['#/import', () => isBlind() && session.scopes.has('users:write')],
  ['#/bulk', () => isBlind() && session.scopes.has('reset')],
];

/** The view of the user whose id is `encoded` in the address: ids of other systems hold signs that mean something there. */
function userNamed(encoded, created) {
  try {
    return userView(decodeURIComponent(encoded), created);
  } catch {
    return unknown();
  }
}

const unknown = () => section('unknown.title',
  make('p', { t: 'unknown.intro' }), make('p', {}, make('a', { class: 'button quiet', href: '#/users', t: 'users.back' })));

/** Shows `view`, scrolled to where it was left if it is come back to. */
function show(view, { focus = true, height = 0 } = {}) {
  closeAll();
  shown.hidden = true;
  if (shown !== signIn) shown.remove();
  view.hidden = false;
  if (!view.isConnected) main.prepend(view);
  shown = view;
  retitle();
  if (focus) view.querySelector('h1').focus({ preventScroll: true });
  scrollTo(0, 0);
  if (height > 0) view.addEventListener('loaded', () => scrollTo(0, height), { once: true });
}

function route() {
  if (!session.isOpen()) return;
  if (isHeld()) return stay();
  if (['', '#', '#/'].includes(location.hash)) {
    const [[first]] = [...TABS.filter(([, mayBe]) => mayBe()), ...TABS];
    history.replaceState(null, '', first);
  }
  const { hash } = location;
  const [pattern = /^/, view = unknown, tab] = ROUTES.find(([known]) => known.test(hash)) ?? [];
  const [, ...parameters] = pattern.exec(hash);
  for (const link of tabs.querySelectorAll('a')) {
    if (link.hash === `#/${tab}` || link.hash === hash) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const height = heightOf(history.state);
  // What was said about the view before is not true of this one.
  silence();
  show(view(...parameters), { height });
  settle();
  // What was just done is told once: not again after a step back.
  if (/\?(created|deleted)$/.test(hash)) {
    if (hash.endsWith('?deleted')) told('delete.done');
    replacePlace(hash.split('?')[0]);
  }
}

function told(key) {
  shown.querySelector('h1').after(make('p', { class: 'notice done', t: key }));
  announce(key);
}

const warning = {
  warn() {
    if (!soon.hidden) return;
    // Above a dialog as well.
    ([...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body).append(soon);
    soon.hidden = false;
    say(soon, 'lock.soon');
  },
  calm() {
    if (soon.hidden) return;
    soon.hidden = true;
    hush(soon);
    document.body.append(soon);
  },
  lock: () => session.end('lock.idle'),
};

session.whenEnded((why) => {
  stop();
  warning.calm();
  closeAll();
  forgetImport();
  forgetPeople();
  tickNobody();
  silence();
  tabs.hidden = true;
  reason.hidden = false;
  say(reason, why);
  keyForm.reset();
  show(signIn, { focus: false });
  keyForm.elements.key.focus();
});

const keyForm = form([line('key', 'sign-in.key', { type: 'password', hint: 'sign-in.hint', required: true })], 'sign-in.submit',
  async (within) => {
    const field = within.elements.key;
    const key = field.value.trim();
    if (!key) return refuse(within, { key: 'sign-in.empty', name: 'key' });
    const outcome = await session.begin(key);
    if (!outcome.ok) {
      return outcome.problem === 'unauthorized'
        ? refuse(within, { key: 'sign-in.wrong', name: 'key' }) : refuseAs(within, outcome);
    }
    field.value = '';
    reason.hidden = true;
    for (const [hash, mayBe] of TABS) tabs.querySelector(`[href="${hash}"]`).hidden = !mayBe();
    tabs.hidden = false;
    watch(warning);
    learn();
    route();
  });
signIn.append(keyForm);
retitle();
keyForm.elements.key.focus();
// What is a minute ago will be two.
setInterval(refreshTimes, 30_000);

document.querySelector('[data-lock]').addEventListener('click', () => session.end('lock.done'));
addEventListener('hashchange', route);
// A step between two states of one view changes no address.
addEventListener('popstate', () => {
  if (isSameView()) route();
});
// The browser asks first.
addEventListener('beforeunload', (event) => {
  if (session.isOpen() && isHeld()) event.preventDefault();
});
// A page that is left is not kept as it was, in case that it is come back to.
addEventListener('pagehide', () => session.end('lock.left'));
