// Views, forms and errors. A page has several views, of which one is shown.

import { hush, retitle, say } from './text.js';

const summary = document.querySelector('[data-summary]');
const status = document.querySelector('[data-status]');
/** The page's form. */
export const form = document.querySelector('form');

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

/** Tells screen readers `key`, without moving the focus. */
export function announce(key) {
  say(status, key);
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
 * Shows the error `key` in the summary, which gets the focus; with a field, at the field as well, or its `reasons` there
 * instead.
 */
export function refuse({ key, values, field, reasons = [{ key, values }] }) {
  const line = document.createElement(field ? 'a' : 'span');
  say(line, key, values);
  if (field) {
    line.href = `#${field.id}`;
    line.addEventListener('click', (event) => {
      event.preventDefault();
      field.focus();
    });
    field.setAttribute('aria-invalid', 'true');
    errorOf(field).replaceChildren(...reasons.map((reason) => {
      const sentence = document.createElement('span');
      say(sentence, reason.key, reason.values);
      return sentence;
    }));
    errorOf(field).hidden = false;
  }
  summary.querySelector('[data-summary-text]').replaceChildren(line);
  summary.hidden = false;
  retitle();
  summary.focus();
}

/** What went wrong with a call in a way that any call can. */
export function explain({ problem, seconds }) {
  switch (problem) {
    case 'rate-limited':
      return { key: 'error.too-many', values: { seconds } };
    case 'service-unavailable':
      return { key: 'error.unavailable' };
    case 'offline':
      return { key: 'error.offline' };
    default:
      return { key: 'error.unexpected' };
  }
}

function clear() {
  summary.hidden = true;
  hush(status);
  for (const field of document.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    errorOf(field).replaceChildren();
    errorOf(field).hidden = true;
  }
  retitle();
}

function errorOf(field) {
  return document.getElementById(`${field.id}-error`);
}
