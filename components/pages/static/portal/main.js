// The portal: its session, and which view is shown.

import { hush, retitle, say } from '../text.js';
import { createView } from './create.js';
import { closeAll, isHeld } from './dialog.js';
import { announce, make, section, silence } from './dom.js';
import { emailView, emailsView } from './emails.js';
import { form, line, refuse, refuseAs } from './forms.js';
import { stop, watch } from './idle.js';
import { forgetImport, importView } from './import.js';
import { learn } from './policy.js';
import * as session from './session.js';
import { userView } from './user.js';
import { forgetUsers, usersView } from './users.js';

const main = document.querySelector('main');
const tabs = document.querySelector('[data-tabs]');
const soon = document.querySelector('[data-soon]');
const signIn = document.querySelector('[data-view="sign-in"]');
const reason = document.querySelector('[data-reason]');
let shown = signIn;
// Where the view is that is shown: the part of the address, and the place in the tab's history.
let at = {};

// What the part of the address after `#` leads to. Nothing secret is ever in it.
const ROUTES = [
  [/^#\/users(?:\?after=(\d{1,19})|\?deleted)?$/, usersView, 'users'],
  [/^#\/users\/([^/?#]+)(\?created)?$/, (id, created) => userNamed(id, created), 'users'],
  [/^#\/new-user$/, createView, 'users'],
  [/^#\/import$/, importView, 'users'],
  [/^#\/emails(?:\?state=([a-z]+))?$/, emailsView, 'emails'],
  [/^#\/emails\/([A-Za-z0-9_-]{1,64})$/, emailView, 'emails'],
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

function show(view, { focus = true } = {}) {
  closeAll();
  shown.hidden = true;
  if (shown !== signIn) shown.remove();
  view.hidden = false;
  if (!view.isConnected) main.prepend(view);
  shown = view;
  retitle();
  scrollTo(0, 0);
  if (focus) view.querySelector('h1').focus();
}

// Not every browser tells it.
const index = () => globalThis.navigation?.currentEntry?.index;

/** Goes back to where the view is that is shown. */
function stay() {
  if (location.hash === at.hash) return;
  const steps = at.index - index();
  if (steps) history.go(steps);
  else history.pushState(null, '', at.hash);
}

function route() {
  if (!session.isOpen()) return;
  if (isHeld()) return stay();
  if (['', '#', '#/'].includes(location.hash)) history.replaceState(null, '', '#/users');
  const { hash } = location;
  const [pattern = /^/, view = unknown, tab] = ROUTES.find(([known]) => known.test(hash)) ?? [];
  const [, ...parameters] = pattern.exec(hash);
  for (const link of tabs.querySelectorAll('a')) {
    if (link.hash === `#/${tab}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  show(view(...parameters));
  // What was just done is told once: not again after a step back.
  if (/\?(created|deleted)$/.test(hash)) {
    if (hash.endsWith('?deleted')) told('delete.done');
    history.replaceState(null, '', hash.split('?')[0]);
  }
  at = { hash: location.hash, index: index() };
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
  forgetUsers();
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
    tabs.hidden = false;
    watch(warning);
    learn();
    route();
  });
signIn.append(keyForm);
retitle();

document.querySelector('[data-lock]').addEventListener('click', () => session.end('lock.done'));
addEventListener('hashchange', route);
// The browser asks first.
addEventListener('beforeunload', (event) => {
  if (session.isOpen() && isHeld()) event.preventDefault();
});
// A page that is left is not kept as it was, in case that it is come back to.
addEventListener('pagehide', () => session.end('lock.left'));
