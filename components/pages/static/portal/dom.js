// Elements, and the parts that all views are made of.

import { exactly, hush, say } from '../text.js';
import { scopes } from './session.js';

/** An element with `attributes`: `t` is the key of its text, with `values`; `on` are its listeners. */
export function make(tag, { t, values, on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  for (const [type, act] of Object.entries(on)) element.addEventListener(type, act);
  if (t) say(element, t, values);
  element.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** A button that does `act` at each press, which it is told; presses meanwhile do nothing. */
export function button(t, act, { kind = 'quiet', values, ...attributes } = {}) {
  const made = make('button', { class: `button ${kind}`, type: 'button', t, values, ...attributes });
  made.addEventListener('click', () => {
    if (made.getAttribute('aria-disabled') !== 'true') busy(made, () => act(made));
  });
  return made;
}

/** Does `act` with `pressed` marked as busy; it stays focusable meanwhile. */
export async function busy(pressed, act) {
  pressed.setAttribute('aria-disabled', 'true');
  pressed.dataset.busy = '';
  try {
    return await act();
  } finally {
    pressed.removeAttribute('aria-disabled');
    delete pressed.dataset.busy;
  }
}

/** A view's section, with its heading. */
export const section = (t, ...children) => make('section', { 'data-view': '' }, make('h1', { tabindex: '-1', t }), ...children);

/** The view with a link above its heading, to where it belongs, if the key may see that. */
export function under(href, t, view) {
  if (href === '#/users' && !scopes.has('users:read')) return view;
  view.prepend(make('p', { class: 'back' }, make('a', { href, t })));
  return view;
}

/** A part of a view under a heading of its own. */
export const part = (t, ...children) => make('section', { class: 'part' }, make('h2', { t }), ...children);

/** A list of facts: pairs of a text's key and what it is. */
export const facts = (...pairs) => make('dl', { class: 'facts' },
  ...pairs.filter(Boolean).map(([t, value]) => make('div', {}, make('dt', { t }), make('dd', {}, value))));

/** A moment: how long ago it was or how far ahead it is, and exactly to who points at it. `t` may put it into words. */
export const time = (at, t = 'at', { ago = true, ...attributes } = {}) => make('time', {
  datetime: at, title: exactly(at), t, values: { at, ago }, ...attributes,
});

/** A text in a `<span>`. */
export const words = (t, values) => make('span', { t, values });

/** A mark beside something: its state. */
export const mark = (t, kind = '') => make('span', { class: `mark ${kind}`, t });

/** Something that the portal shows as it is: an address, an id, a secret. */
export const verbatim = (text, tag = 'span') => make(tag, { dir: 'ltr', translate: 'no' }, text);

let saying;

/** An email address, which breaks after its @ if it must. */
export function address(email) {
  const domain = email.lastIndexOf('@') + 1;
  const made = verbatim(email.slice(0, domain));
  made.append(make('wbr'), email.slice(domain));
  return made;
}

/** Tells screen readers `key`, without moving the focus: within the dialog that is open, if there is one. */
export function announce(key, values) {
  const dialogs = document.querySelectorAll('dialog[open] [role=status]');
  const status = dialogs.length > 0 ? dialogs[dialogs.length - 1] : document.querySelector('[data-status]');
  // The same words again are news as well.
  hush(status);
  clearTimeout(saying);
  saying = setTimeout(() => say(status, key, values), 50);
}

/** Tells screen readers nothing of what was about to be told. */
export function silence() {
  clearTimeout(saying);
  hush(document.querySelector('[data-status]'));
}

/** A secret that shows once, with a button that copies it. */
export function secret(text) {
  const output = verbatim(text, 'output');
  return make('div', { class: 'secret' }, output, ...copier(() => output.textContent));
}

/** A button that copies what `text` gives, and says so; and what it says beside it if that did not work. */
function copier(text) {
  const failed = make('p', { class: 'error', hidden: true, t: 'copy-failed' });
  const copying = button('copy', async (pressed) => {
    try {
      await navigator.clipboard.writeText(text());
      failed.hidden = true;
      say(pressed, 'copied');
      announce('copied');
      setTimeout(() => say(pressed, 'copy'), 4000);
    } catch {
      failed.hidden = false;
      announce('copy-failed');
      getSelection().selectAllChildren(pressed.previousElementSibling);
    }
  });
  return [copying, failed];
}
