// Forms: their fields, and what is wrong with them.

import { say } from '../text.js';
import { announce, busy, make, words } from './dom.js';

const PASSWORD_REASONS = ['too-short', 'too-long', 'too-common', 'too-weak', 'similar-to-email', 'similar-to-app-name', 'breached'];
// What the contract says of a member in words of its own.
const DETAILS = { 'is reserved': 'id.reserved', 'may not be chosen here: generate one': 'password.generate' };
let fields = 0;

function around(name, label, hint, input, values) {
  fields += 1;
  const id = `${name}-${fields}`;
  const hinted = hint && make('p', { class: 'hint', id: `${id}-hint`, t: hint, values });
  input.id = id;
  input.name = name;
  input.setAttribute('aria-describedby', `${hinted ? `${id}-hint ` : ''}${id}-error`);
  return make('div', { class: 'field' },
    make('label', { for: id, t: label, values }), hinted, make('div', { class: 'error', id: `${id}-error`, hidden: true }), input);
}

/** A line of text. What is typed is kept by no browser. */
export const line = (name, label, { hint, type = 'text', ...attributes } = {}) => around(name, label, hint, make('input', {
  type, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', dir: type === 'text' ? 'auto' : 'ltr', ...attributes,
}));

/** A choice of one among `options`: triples of a value, the key of its text, and the text's values. */
export const select = (name, label, options, { hint, value, values } = {}) => around(name, label, hint, make('select', {},
  ...options.map(([option, t, more]) => make('option', { value: option, selected: option === value, t, values: more }))), values);

function box(type, name, label, { value = 'true', hint, values, checked } = {}) {
  fields += 1;
  const id = `${name}-${fields}`;
  return make('div', { class: 'choice' },
    make('input', { type, name, id, value, checked, 'aria-describedby': hint && `${id}-hint` }),
    make('label', { for: id, t: label, values }),
    hint && make('p', { class: 'hint', id: `${id}-hint`, t: hint }));
}

/** A box to tick. */
export const tick = (name, label, options) => box('checkbox', name, label, options);

/** A group of boxes, of which errors can be told as of one field. */
export function group(name, legend, ...boxes) {
  fields += 1;
  const id = `${name}-${fields}`;
  return make('fieldset', { id, 'data-field': name, tabindex: '-1', 'aria-describedby': `${id}-error` },
    make('legend', { t: legend }), make('div', { class: 'error', id: `${id}-error`, hidden: true }), ...boxes);
}

/** A choice of one among `options`, all of them in sight: triples of a value, the key of its text, and more about it. */
export const radios = (name, legend, options) => group(name, legend,
  ...options.map(([value, label, more]) => box('radio', name, label, { value, ...more })));

/** A form. `act` is told it at each submission; further ones meanwhile do nothing. */
export function form(children, submit, act, { kind = '', beside = [] } = {}) {
  const pressed = make('button', { class: `button ${kind}`, type: 'submit', t: submit });
  const made = make('form', { method: 'dialog', novalidate: true },
    make('div', { class: 'summary', role: 'group', tabindex: '-1', hidden: true },
      make('h2', { t: 'error.title' }), make('ul', {})),
    ...children, make('div', { class: 'buttons' }, pressed, ...beside));
  made.addEventListener('submit', (event) => {
    event.preventDefault();
    if (pressed.getAttribute('aria-disabled') === 'true') return;
    clear(made);
    busy(pressed, () => act(made));
  });
  return made;
}

/** Where a fault of the member `name` is told: at its field, or the group that it is in. Nowhere, if that is out of sight. */
function field(within, name) {
  const quoted = CSS.escape(name);
  const found = within.querySelector(`[data-field="${quoted}"]`) ?? within.querySelector(`[name="${quoted}"]`);
  if (!found || found.closest('[hidden]')) return null;
  return errorOf(found) ? found : found.closest('[data-field]');
}

const errorOf = (at) => document.getElementById(`${at.id}-error`);

/**
 * Shows what is wrong: `{key, values, name, reasons}`, with the name of a field at that. A single fault at a field has the focus
 * there; others are listed above the form.
 */
export function refuse(within, ...faults) {
  const list = faults.map(({ key, values, name, reasons = [{ key, values }] }) => {
    const at = name && field(within, name);
    if (!at) return make('li', {}, words(key, values), ...apart(key, reasons));
    // A group of boxes cannot be marked as invalid.
    at.setAttribute(at.localName === 'fieldset' ? 'data-invalid' : 'aria-invalid', 'true');
    const error = errorOf(at);
    const behind = at.closest('details');
    if (behind) behind.open = true;
    error.append(...reasons.map((reason) => words(reason.key, reason.values)));
    error.hidden = false;
    const link = make('a', { href: `#${at.id}`, t: key, values });
    link.addEventListener('click', (event) => {
      event.preventDefault();
      at.focus();
    });
    return make('li', {}, link);
  });
  const [only] = faults;
  const at = faults.length === 1 && only.name && field(within, only.name);
  if (at) {
    // Who is there already is not told by coming there.
    if (document.activeElement === at) announce(only.reasons?.[0].key ?? only.key, only.reasons?.[0].values ?? only.values);
    return at.focus();
  }
  const summary = within.querySelector('.summary');
  summary.querySelector('ul').replaceChildren(...list);
  summary.hidden = false;
  summary.focus();
}

const apart = (key, reasons) => reasons.filter((reason) => reason.key !== key)
  .flatMap((reason) => [' ', words(reason.key, reason.values)]);

/** Shows nothing as wrong any more. */
export function clear(within) {
  within.querySelector('.summary').hidden = true;
  for (const invalid of within.querySelectorAll('[aria-invalid], [data-invalid]')) {
    invalid.removeAttribute('aria-invalid');
    invalid.removeAttribute('data-invalid');
    const error = errorOf(invalid);
    error.replaceChildren();
    error.hidden = true;
  }
}

/** Shows why the contract refused, each reason at the field that the contract names. */
export function refuseAs(within, outcome, policy) {
  const named = (pointer = '') => pointer.slice(1).split('/')[0];
  switch (outcome.problem) {
    case 'validation-failed':
      if (outcome.errors.length === 0) return refuse(within, { key: 'error.unexpected' });
      return refuse(within, ...outcome.errors.map(({ pointer, detail }) => {
        const name = named(pointer);
        const known = ['email', 'id', 'reason'].includes(name) && field(within, name);
        return { key: DETAILS[detail] ?? (known ? `${name}.invalid` : 'error.refused'), values: { detail }, name };
      }));
    case 'password-rejected':
      return refuse(within, { key: 'password.refused', name: 'password', reasons: reasons(outcome.errors, policy) });
    case 'payload-too-large':
      return refuse(within, { key: 'error.too-large' });
    case 'conflict':
      return refuse(within, { key: outcome.detail ? 'conflict.reserved' : 'conflict.email', name: 'email' });
    case 'undeliverable-password':
      return refuse(within, { key: 'delivery.none', name: 'delivery' });
    default:
      return refuse(within, explain(outcome));
  }
}

function reasons(errors, policy) {
  return errors.map(({ code, detail }) => (PASSWORD_REASONS.includes(code)
    ? { key: `password.${code}`, values: { count: code === 'too-long' ? policy.max_length : policy.min_length } }
    : { key: 'error.refused', values: { detail } }));
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
    case 'unanswered':
      return { key: 'error.unanswered' };
    case 'uncertain':
      return { key: 'error.uncertain' };
    case 'forbidden':
      return { key: 'error.forbidden' };
    case 'not-found':
      return { key: 'user.gone' };
    case 'account-disabled':
      return { key: 'recovery.disabled' };
    case 'no-credential':
      return { key: 'require.none' };
    case 'already-set-up':
      return { key: 'invite.set-up' };
    default:
      return { key: 'error.unexpected' };
  }
}

/** Shows the button of a password field that shows and hides what is typed. */
export function revealing(fieldset) {
  const input = fieldset.querySelector('input');
  const pressed = make('button', { class: 'button quiet', type: 'button', 'aria-controls': input.id, t: 'password.show' });
  pressed.addEventListener('click', () => {
    const shown = input.type === 'password';
    input.type = shown ? 'text' : 'password';
    say(pressed, shown ? 'password.hide' : 'password.show');
  });
  const both = make('div', { class: 'revealing' });
  input.replaceWith(both);
  both.append(input, pressed);
  return fieldset;
}
