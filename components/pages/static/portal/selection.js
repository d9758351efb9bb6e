// The users that were ticked in the list, whatever page or search they were found in.

/** As many as one order takes. */
export const MOST = 1000;

const ticked = new Map();
let changed = () => {};

/** Calls `act` at each change, in place of what was called before. */
export function whenTicked(act) {
  changed = act;
}

/** How many there are. */
export const count = () => ticked.size;

/** Their ids. */
export const ids = () => [...ticked.keys()];

/** Whether the user `id` is among them. */
export const isTicked = (id) => ticked.has(id);

/** Takes a user in, or out. Returns whether the user is among them now: beyond the most that an order takes, none gets in. */
export function tickUser({ id, email }, isWanted) {
  if (!isWanted) ticked.delete(id);
  else if (ticked.size < MOST) ticked.set(id, email);
  changed();
  return ticked.has(id);
}

/** Takes all out. */
export function tickNobody() {
  ticked.clear();
  changed();
}
