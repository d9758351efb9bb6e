// How long the tests wait. A passing test waits for states and never reaches a limit, so the limits suit a loaded machine.

/** Milliseconds that a page, the app or an email may take to reach a state. */
export const STATE_LIMIT = 120_000;

/** Milliseconds that the app may take to start. The first start compiles the components. */
export const START_LIMIT = 300_000;

/** Milliseconds after which an app that is still running is killed. This fails no test. */
export const STOP_LIMIT = 10_000;

const BETWEEN_LOOKS = 25;

/** Polls `look` until it returns something, and returns that. `what` names it in the error. */
export async function until(look, what) {
  const deadline = Date.now() + STATE_LIMIT;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${STATE_LIMIT / 1000} seconds`);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
}

/** Waits until a lifetime or cooldown of `seconds` has certainly ended. For anything else use `until`. */
export const pass = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000 + 500));
