// Dialogs that do one thing to one user, for a reason.

import { closer, openDialog, shut } from './dialog.js';
import { make } from './dom.js';
import { form, refuseAs } from './forms.js';
import { reason, reasonOf } from './reason.js';
import { ask } from './session.js';

/**
 * Opens a dialog about `user`: its words are `title`, `intro` (with `values`) and `submit`. It calls `path` with the members that `order`
 * reads from the form; nothing, if it refuses them. Then `finish` may show what came of it in the dialog and return true.
 * Otherwise the dialog closes, and `done` gets `news`, `action` and the outcome.
 */
export function openTask(user, { title, intro, values, submit, kind, fields = [] }, how) {
  const { path, method = 'POST', order = () => ({}), isDone = ({ ok }) => ok, finish, news, action, done } = how;
  const dialog = openDialog(title, (opened) => [
    intro && make('p', { t: intro, values }),
    form([...fields, reason()], submit, async (within) => {
      const members = order(within);
      if (!members) return;
      const outcome = await ask(path, { ...members, ...reasonOf(within) }, { method });
      if (!isDone(outcome)) return refuseAs(within, outcome);
      if (finish?.(opened, outcome.value)) return;
      shut(opened);
      await done(news, {}, action, outcome);
    }, { kind, beside: [closer(opened)] }),
  ], { about: user });
  const [first] = fields;
  if (first?.classList.contains('field')) first.querySelector('input, select').focus();
  return dialog;
}
