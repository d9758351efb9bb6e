// Passwords that the page draws, so that whoever sets one has seen it. They are like those of the server: letters and digits
// without look-alikes, in groups.

import { announce, button, make, secret } from './dom.js';
import { policy } from './policy.js';

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUP = 5;
/** 20 characters of 31: 99 bits. */
const LEAST_GROUPS = 4;
// The largest multiple of the alphabet's length that a byte holds: what is drawn beyond it would favour some characters.
const FAIR = 256 - (256 % ALPHABET.length);

function character() {
  const drawn = new Uint8Array(1);
  do crypto.getRandomValues(drawn);
  while (drawn[0] >= FAIR);
  return ALPHABET[drawn[0] % ALPHABET.length];
}

/** A password that is as long as the policy wants it, and at least as the server's own are. */
export function draw() {
  // With n groups there are n - 1 hyphens.
  const groups = Math.max(LEAST_GROUPS, Math.ceil((policy.min_length + 1) / (GROUP + 1)));
  return Array.from({ length: groups }, () => Array.from({ length: GROUP }, character).join('')).join('-');
}

/** A drawn password to read, copy or draw again, before it is set; `value` is the one that shows. */
export function drawing() {
  const shown = secret(draw());
  const output = shown.querySelector('output');
  shown.querySelector('.error').before(button('draw.again', () => {
    output.textContent = draw();
    announce('draw.drawn');
  }));
  return { part: make('div', { class: 'drawn' }, shown, make('p', { class: 'hint', t: 'draw.hint' })), value: () => output.textContent };
}
