// Dialogs: one task each. The focus stays in it, and goes back where it was.

import { address, make } from './dom.js';

let dialogs = 0;

const HELD = 'dialog[data-hold], dialog [data-busy], [data-keeps][data-busy], [data-keeps] [data-busy]';

/** Whether something is under way whose outcome must be seen, or something shows that will not be shown again. */
export const isHeld = () => document.querySelector(HELD) !== null;

// A browser lets a dialog refuse Escape once, not twice in a row: the key itself has to be refused.
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && isHeld()) event.preventDefault();
}, { capture: true });

/**
 * Opens a dialog with a heading, the user that it is `about`, and what `fill` returns, which is told the dialog. While
 * something is under way, or after `hold`, only its own buttons close it. Once it was closed, but not with the view, it gets
 * the event `shut`.
 */
export function openDialog(title, fill, { values, about } = {}) {
  dialogs += 1;
  const id = `dialog-${dialogs}`;
  const heading = make('h2', { id, tabindex: '-1', t: title, values });
  const who = about && make('p', { class: 'who', id: `${id}-who` }, address(about.email));
  const dialog = make('dialog', { 'aria-labelledby': id, 'aria-describedby': who && who.id }, heading, who);
  dialog.append(...[fill(dialog)].flat().filter(Boolean), make('p', { class: 'unseen', role: 'status' }));
  dialog.addEventListener('cancel', (event) => {
    if (isHeld()) event.preventDefault();
  });
  dialog.addEventListener('close', () => {
    if (!dialog.isConnected) return;
    if (!isHeld()) return shut(dialog);
    // Closed in spite of all, as by the gesture for a step back.
    dialog.showModal();
    dialog.querySelector('h2').focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  heading.focus();
  return dialog;
}

/** Keeps the dialog open, since it shows what will not be shown again. */
export function hold(dialog) {
  dialog.dataset.hold = '';
}

/** Closes the dialog: it is gone with all that it held. */
export function shut(dialog) {
  dialog.close();
  dialog.remove();
  dialog.dispatchEvent(new Event('shut'));
}

/** Shows something else in the dialog, about the same user. */
export function turn(dialog, title, ...content) {
  const who = dialog.querySelector('.who');
  const heading = make('h2', { id: dialog.getAttribute('aria-labelledby'), tabindex: '-1', t: title });
  dialog.replaceChildren(...[heading, who, ...content.flat()].filter(Boolean), make('p', { class: 'unseen', role: 'status' }));
  heading.focus();
}

/** A button that closes the dialog. */
export const closer = (dialog, t = 'cancel') => {
  const made = make('button', { class: 'button quiet', type: 'button', t });
  made.addEventListener('click', () => {
    if (!dialog.querySelector('[data-busy]')) shut(dialog);
  });
  return made;
};

/** Closes whatever is open, as the view or the session ends. */
export function closeAll() {
  for (const dialog of document.querySelectorAll('dialog')) {
    dialog.close();
    dialog.remove();
  }
}
