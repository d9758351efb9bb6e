// Why something is done: the one field that each action has, and the contract's member for it.

import { line } from './forms.js';

/** The field. */
export const reason = () => line('reason', 'reason.label', { hint: 'reason.hint', maxlength: '500' });

/** The member of an order, unless the field was left empty. */
export function reasonOf({ elements }) {
  const text = elements.reason.value.trim();
  return text ? { reason: text } : {};
}
