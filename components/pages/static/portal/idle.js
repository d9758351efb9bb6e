// Nobody is there any more: after a while without input the session ends, and a minute before that it says so.

const LIMIT = 15 * 60_000;
const WARNING = 60_000;
const INPUT = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'input'];

let last;
let ticking;
let tell;

/** Watches until `stop`: calls `warn` and `calm` as the end comes near or does not, and `lock` at the end. */
export function watch(told) {
  tell = told;
  last = Date.now();
  stop();
  ticking = setInterval(look, 1000);
  for (const type of INPUT) addEventListener(type, touch, { capture: true, passive: true });
  // A machine that slept runs no timers meanwhile.
  document.addEventListener('visibilitychange', look);
}

/** Watches no longer. */
export function stop() {
  clearInterval(ticking);
  for (const type of INPUT) removeEventListener(type, touch, { capture: true });
  document.removeEventListener('visibilitychange', look);
}

function look() {
  const idle = Date.now() - last;
  if (idle >= LIMIT) {
    stop();
    tell.lock();
  } else if (idle >= LIMIT - WARNING) {
    tell.warn();
  } else {
    tell.calm();
  }
}

/** Counts what just happened as input: somebody is there, or what somebody began goes on. */
export function touch() {
  // Too late is too late, also for whoever comes before the timer.
  if (Date.now() - last < LIMIT) last = Date.now();
  look();
}
