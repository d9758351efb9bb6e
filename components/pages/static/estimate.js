// How hard a password is to guess, by the server's own estimate, while it is typed.

import { call } from './api.js';
import { hush, say } from './text.js';

// Milliseconds without another key before the server is asked.
const PAUSE = 300;
const WORDS = ['password.strength.0', 'password.strength.1', 'password.strength.2', 'password.strength.3', 'password.strength.4'];

const meter = document.querySelector('[data-strength]');
const words = document.querySelector('[data-estimate]');
let pausing;
let asked = 0;
// The server asks for a rest.
let silentUntil = 0;

/**
 * Shows how strong `password` is for the account with the address `email`, and tells `judge` what the server says of it:
 * `null`, if that is not known, as while it is asked or when it cannot be.
 */
export function estimate(password, email, judge) {
  restart();
  if (!password) return judge(null);
  const mine = asked;
  pausing = setTimeout(async () => {
    if (Date.now() < silentUntil) return judge(null);
    const outcome = await call('/v1/password-policy/check', { password, ...(email && { email }) });
    if (mine !== asked) return;
    if (outcome.problem === 'rate-limited') silentUntil = Date.now() + outcome.seconds * 1000;
    if (outcome.ok) show(outcome.value.score);
    else hide();
    judge(outcome.ok ? outcome.value : null);
  }, PAUSE);
  return undefined;
}

/** Forgets what was asked; what shows stays until the next answer, unless nothing was typed. */
export function restart() {
  clearTimeout(pausing);
  asked += 1;
  if (!document.querySelector('#password').value) hide();
}

function show(score) {
  meter.dataset.strength = score;
  say(words, WORDS[score]);
}

function hide() {
  meter.dataset.strength = '';
  hush(words);
}
