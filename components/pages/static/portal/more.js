// What a form asks only those who want to be asked, and the lives that it offers.

import { make } from './dom.js';
import { select } from './forms.js';

/** Fields behind a line that shows and hides them. */
export const more = (...fields) => make('details', { class: 'options' }, make('summary', { t: 'options.more' }), ...fields);

/** A choice of how long something works: by default, for `usual` seconds if that is known, or for one of `lives`, in seconds. */
export const expiry = (label, usual, fallback, lives) => select('expires_in', label, [
  usual ? ['', 'expiry.default', { seconds: usual }] : ['', fallback],
  ...lives.map((seconds) => [String(seconds), 'after', { seconds }]),
]);
