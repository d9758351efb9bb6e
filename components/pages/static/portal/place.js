// Where the view that is shown stands in the tab's history. What may be personal, such as a search, is kept in the history's
// state: it outlasts a step back and a reload, and is in no address.

// Not every browser tells it.
const index = () => globalThis.navigation?.currentEntry?.index;
let at = {};

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
