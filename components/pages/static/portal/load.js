// What a view loads: that it comes, what came, or why it does not.

import { announce, button, make, section } from './dom.js';
import { explain } from './forms.js';
import { keepPages, pagesOf } from './place.js';
import { scopes } from './session.js';

// Longer waits are told to those who do not see them.
const LONG = 600;

// What each place waits for. Answers to what was asked before come too late.
const awaited = new WeakMap();

/**
 * Shows in `place` what `render` makes of the answer, or what went wrong, with another try; but nothing that comes when
 * the place shows something else, or is gone. What was there before stays until then if `keeps` says so.
 */
export async function load(place, ask, render, failed = trouble, { keeps = false } = {}) {
  const mine = {};
  const isAwaited = () => awaited.get(place) === mine && place.isConnected;
  if (!keeps || place.children.length === 0) put(place, make('p', { class: 'loading', t: 'loading' }));
  place.setAttribute('aria-busy', 'true');
  awaited.set(place, mine);
  const slow = setTimeout(() => {
    if (isAwaited()) announce('loading');
  }, LONG);
  const outcome = await ask();
  clearTimeout(slow);
  if (!isAwaited()) return;
  place.removeAttribute('aria-busy');
  const again = () => load(place, ask, render, failed, { keeps });
  if (!outcome.ok) return place.replaceChildren(failed(outcome, again));
  place.replaceChildren(...[await render(outcome.value)].flat().filter(Boolean));
  place.dispatchEvent(new Event('loaded', { bubbles: true }));
  return undefined;
}

/** Shows `content` in `place`, whatever is being loaded. */
export function put(place, ...content) {
  awaited.delete(place);
  place.removeAttribute('aria-busy');
  place.replaceChildren(...content);
}

/** What went wrong, with a button for another try. */
export function trouble(outcome, again) {
  const { key, values } = explain(outcome);
  return make('div', { class: 'notice', role: 'alert' }, make('p', { t: key, values }), button('retry', again));
}

/** That the key lacks `scope`, which is needed here. */
export const lacking = (scope) => make('p', { class: 'notice', 'data-lacks': scope, t: 'scope.missing', values: { scope } });

/** What `render` gives if the key has `scope`, and otherwise that it lacks it. */
export const within = (scope, render) => (scopes.has(scope) ? render() : lacking(scope));

/** A view that is shown if the key has `scope`, and otherwise says that it lacks it. */
export const only = (scope, title, view) => (scopes.has(scope) ? view() : section(title, lacking(scope)));

// A page may be empty with others after it: so many are looked at for one press.
const LOOKS = 20;

// What the contract says of a list of what cannot be, such as the events of an id that no user has.
const NOWHERE = ['not-found', 'validation-failed'];

/**
 * A list in pages, with a button for the next one: `page` gets the one at a cursor, `row` makes an entry. `came` is said of a
 * list that comes where the focus is elsewhere.
 */
export function paged({ page, name, row, none, came }) {
  const list = make('ul', { class: 'rows' });
  const more = make('div', { class: 'more' });
  const place = make('div', {});
  let pages = 1;
  const filled = async (cursor) => {
    let outcome = await page(cursor);
    for (let looks = 1; looks < LOOKS && outcome.ok && outcome.value[name].length === 0 && place.isConnected; looks += 1) {
      if (outcome.value.next_cursor === null) break;
      outcome = await page(outcome.value.next_cursor);
    }
    return outcome;
  };
  const add = ({ [name]: entries, next_cursor: next }) => {
    const first = list.children.length;
    list.append(...entries.map((entry) => make('li', {}, ...[row(entry)].flat())));
    more.replaceChildren();
    if (next !== null) more.append(button('more', (pressed) => follow(pressed, next)));
    return [first, entries.length];
  };
  const follow = async (pressed, cursor) => {
    const outcome = await filled(cursor);
    if (!place.isConnected) return;
    if (!outcome.ok) return more.replaceChildren(trouble(outcome, () => follow(pressed, cursor)));
    const [first, count] = add(outcome.value);
    keepPages(pages += 1);
    announce('more.came', { count });
    const target = list.children[first];
    if (!target) return more.querySelector('button')?.focus();
    const link = target.querySelector('a') ?? target;
    if (link === target) target.tabIndex = -1;
    link.focus();
  };
  const nothing = () => make('p', { class: 'none', t: none });
  // As many as were there when the view was left.
  const whole = async () => {
    const outcome = await filled(null);
    let last = outcome;
    for (pages = 1; last.ok && pages < pagesOf(history.state) && last.value.next_cursor !== null && place.isConnected; pages += 1) {
      last = await filled(last.value.next_cursor);
      if (last.ok) outcome.value = { ...last.value, [name]: [...outcome.value[name], ...last.value[name]] };
    }
    return outcome;
  };
  load(place, whole, (value) => {
    const [, count] = add(value);
    if (came) announce(count > 0 ? came : none, { count });
    return list.children.length === 0 && value.next_cursor === null ? nothing() : [list, more];
  }, (outcome, again) => (NOWHERE.includes(outcome.problem) ? nothing() : trouble(outcome, again)));
  return place;
}
