// Files that the portal hands to the browser. The key is in no cookie, so that a link could not fetch them.

import { say } from '../text.js';
import { button, make } from './dom.js';
import { explain } from './forms.js';
import { touch } from './idle.js';
import { ask } from './session.js';

// Large ones take a while.
const PATIENCE = 600_000;
// Cells that begin with one of these are formulas to a spreadsheet.
const FORMULA = /^[=+\-@\t\r]/;

/** Hands `blob` to the browser as a file. */
export function save(blob, name) {
  const href = URL.createObjectURL(blob);
  make('a', { href, download: name }).click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** The name of a file of today. */
export const dated = (name, ending) => `${name}-${new Date().toISOString().slice(0, 10)}.${ending}`;

/** Rows as a CSV file (RFC 4180) that spreadsheets open as text. */
export function asCsv(rows) {
  const cell = (value) => {
    const text = String(value ?? '');
    return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  return new Blob(rows.map((row) => `${row.map(cell).join(',')}\r\n`), { type: 'text/csv;charset=utf-8' });
}

// The address of what follows (RFC 8288), within the contract.
const NEXT = /<(\/v1\/[^>]*)>;\s*rel="next"/;

const piece = async (answer) => ({ blob: await answer.blob(), next: NEXT.exec(answer.headers.get('Link') ?? '')?.[1] });

/** All that `path` gives, which may take several calls. */
async function whole(path) {
  const parts = [];
  for (let next = path; next;) {
    const outcome = await ask(next, undefined, { read: piece, patience: PATIENCE });
    if (!outcome.ok) return outcome;
    parts.push(outcome.value.blob);
    next = outcome.value.next;
    // It is not over because nobody moves the mouse.
    touch();
  }
  return { ok: true, value: new Blob(parts) };
}

/** A button that fetches what `path` gives as a file, and what it says beside it if that does not work. */
export function downloader(t, path, name) {
  const failed = make('p', { class: 'notice', role: 'alert', hidden: true });
  const pressed = button(t, async () => {
    failed.hidden = true;
    const outcome = await whole(path());
    if (outcome.ok) return save(outcome.value, name());
    const { key, values } = explain(outcome);
    failed.hidden = false;
    say(failed, key, values);
  });
  return [pressed, failed];
}
