// Where the view that is shown stands in the tab's history. What may be personal, such as a search, is kept in the history's
// state: it outlasts a step back and a reload, and is in no address.

// Not every browser tells it.
const index = () => globalThis.navigation?.currentEntry?.index;
// Milliseconds without scrolling before the height is kept: browsers allow few changes of the history.
const PAUSE = 150;
let at = {};
let scrolling;

/** Marks where the tab is now as the place of the view that is shown. */
export function settle() {
  at = { hash: location.hash, index: index() };
}

/** Whether the address is that of the view that is shown. */
export const isSameView = () => location.hash === at.hash;

/** Goes back to where the view is that is shown. */
export function stay() {
  if (isSameView() && index() === at.index) return;
  const steps = at.index - index();
  if (steps) history.go(steps);
  else history.pushState(null, '', at.hash);
}

/** Gives the view that is shown another address or state, in place of its own. */
export function replacePlace(hash, state = null) {
  history.replaceState(state, '', hash);
  settle();
}

/** Gives the view that is shown another address or state, to which a step back does not lose the present one. */
export function pushPlace(hash, state = null) {
  history.pushState(state, '', hash);
  settle();
}

/** How far down the view was left that `state` describes, in pixels. */
export const heightOf = (state) => state?.height ?? 0;

/** How many pages of its list were there. */
export const pagesOf = (state) => state?.pages ?? 1;

/** Keeps that so many pages of the view's list are there. */
export const keepPages = (pages) => keep({ pages });

const keep = (members) => history.replaceState({ ...history.state, ...members }, '');

// The view comes anew after a step back: the browser cannot know how far down it was left.
history.scrollRestoration = 'manual';
function note() {
  clearTimeout(scrolling);
  const height = Math.round(scrollY);
  if (isSameView() && height !== heightOf(history.state)) keep({ height });
}

addEventListener('scroll', () => {
  clearTimeout(scrolling);
  scrolling = setTimeout(note, PAUSE);
}, { passive: true });
// A click may leave the view before that.
addEventListener('click', note, { capture: true });
