// Dialogs: one task each. The focus stays in it, and goes back where it was.

import { make } from './dom.js';

let dialogs = 0;

/**
 * Opens a dialog with a heading and what `fill` returns, which is told the dialog. `dialog.hold` keeps Escape from closing it:
 * while something is under way, or while it shows what will not be shown again.
 */
export function openDialog(title, fill, { values } = {}) {
  dialogs += 1;
  const id = `dialog-${dialogs}`;
  const heading = make('h2', { id, tabindex: '-1', t: title, values });
  const dialog = make('dialog', { 'aria-labelledby': id }, heading);
  dialog.append(...[fill(dialog)].flat().filter(Boolean), make('p', { class: 'unseen', role: 'status' }));
  dialog.addEventListener('cancel', (event) => {
    if (dialog.hold || dialog.querySelector('[data-busy]')) event.preventDefault();
  });
  // Gone with all that it held.
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  heading.focus();
  return dialog;
}

/** Shows something else in the dialog, from its heading on. */
export function turn(dialog, title, ...content) {
  const heading = make('h2', { id: dialog.getAttribute('aria-labelledby'), tabindex: '-1', t: title });
  dialog.replaceChildren(heading, ...content.flat().filter(Boolean), make('p', { class: 'unseen', role: 'status' }));
  heading.focus();
}

/** A button that closes the dialog. */
export const closer = (dialog, t = 'cancel') => {
  const made = make('button', { class: 'button quiet', type: 'button', t });
  made.addEventListener('click', () => {
    if (!dialog.querySelector('[data-busy]')) dialog.close();
  });
  return made;
};

/** Closes whatever is open. */
export function closeAll() {
  for (const dialog of document.querySelectorAll('dialog')) {
    dialog.close();
    dialog.remove();
  }
}
