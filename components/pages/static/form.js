// Views, forms and errors. A page has several views, of which one is shown.

import { hush, retitle, say } from './text.js';

const status = document.querySelector('[data-status]');
/** The page's form. */
export const form = document.querySelector('form');
const trouble = form.querySelector('[data-trouble]');
// What is wrong with each field, the first of it being what is said: each sentence with whether it still holds.
const wrong = new Map();
let counting;

/** Shows the view `name` instead of the others; after something that a person did, its heading has the focus. */
export function show(name, { focus = true } = {}) {
  clear();
  for (const view of document.querySelectorAll('[data-view]')) {
    view.hidden = view.dataset.view !== name;
  }
  delete document.documentElement.dataset.lacking;
  delete document.documentElement.dataset.checking;
  retitle();
  if (focus) document.querySelector(`[data-view="${name}"] h1`).focus();
}

/** Removes an email address from the query, and says whether one was there. It is in the field: the history need not hold it. */
export function hideEmail() {
  const query = new URLSearchParams(location.search);
  if (!query.has('email')) return false;
  query.delete('email');
  history.replaceState(history.state, '', `${location.pathname}${String(query) && `?${query}`}`);
  return true;
}

/** Gives `field` the focus as the page opens, unless its reader is elsewhere by then. */
export function begin(field) {
  if ([document.body, null].includes(document.activeElement)) field.focus();
}

/** Tells screen readers `key`, without moving the focus. */
export function announce(key, values) {
  say(status, key, values);
}

/** Does `act` at each press of `button`, which stays focusable meanwhile; further presses do nothing. */
export function onPress(button, act) {
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') busy(button, act);
  });
}

/** Does `act` at each submission of the form; further ones meanwhile do nothing. */
export function onSubmit(act) {
  const button = form.querySelector('[type=submit]');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') !== 'true') busy(button, act);
  });
  // Back from a later page, the form is as it was left.
  addEventListener('pageshow', () => release(button));
}

async function busy(button, act) {
  clear();
  button.setAttribute('aria-disabled', 'true');
  button.dataset.busy = '';
  try {
    await act();
  } finally {
    release(button);
  }
}

function release(button) {
  button.removeAttribute('aria-disabled');
  delete button.dataset.busy;
}

/**
 * Says what is wrong. At `field`, which gets the focus: the text `key`, or the first of its `reasons` whose `holds` has not yet
 * said that it is wrong no more; without that, until the field is changed. Or above the button: a wait is counted down.
 */
export function refuse({ key, values, holds, field, reasons = [{ key, values, holds }] }) {
  if (field) {
    const sentences = reasons.map((reason) => {
      const element = document.createElement('span');
      say(element, reason.key, reason.values);
      return { ...reason, element };
    });
    wrong.set(field, sentences);
    errorOf(field).replaceChildren(sentences[0].element);
    errorOf(field).hidden = false;
    field.setAttribute('aria-invalid', 'true');
    // Who is there already is not told by coming there.
    if (document.activeElement === field) announce(reasons[0].key, reasons[0].values);
    field.focus();
    field.select();
  } else {
    stand(key, values);
  }
  retitle();
}

/** Takes away what no longer holds of what is wrong with `field`, whose text `isChanged` or is known better by now. */
export function settle(field, isChanged = false) {
  const left = (wrong.get(field) ?? []).filter(({ holds }) => (holds ? holds() : !isChanged));
  if (left.length > 0) {
    wrong.set(field, left);
    // The same again would be news to a screen reader.
    if (errorOf(field).firstChild !== left[0].element) errorOf(field).replaceChildren(left[0].element);
  } else if (wrong.delete(field)) mend(field);
}

function mend(field) {
  field.removeAttribute('aria-invalid');
  errorOf(field).replaceChildren();
  errorOf(field).hidden = true;
  retitle();
}

form.addEventListener('input', ({ target }) => settle(target, true));

/** Shows what is wrong with no field; where it passes with time, until then. */
function stand(key, { seconds } = {}) {
  const line = document.createElement('span');
  say(line, key, { seconds });
  trouble.replaceChildren(line);
  trouble.hidden = false;
  announce(key, { seconds });
  if (!seconds) return;
  const until = Date.now() + seconds * 1000;
  counting = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) say(line, key, { seconds: left });
    else calm();
  }, 1000);
}

function calm() {
  clearInterval(counting);
  trouble.hidden = true;
  trouble.replaceChildren();
  retitle();
}

/** What went wrong with a call in a way that any call can. */
export function explain({ problem, seconds }) {
  switch (problem) {
    case 'rate-limited':
      return { key: 'error.too-many', values: { seconds } };
    case 'overloaded':
    case 'service-unavailable':
      return { key: 'error.unavailable' };
    case 'offline':
      return { key: 'error.offline' };
    default:
      return { key: 'error.unexpected' };
  }
}

function clear() {
  hush(status);
  for (const field of wrong.keys()) mend(field);
  wrong.clear();
  calm();
}

function errorOf(field) {
  return document.getElementById(`${field.id}-error`);
}
