// Starting a recovery for a user: by mail, or with link and code to be read out.

import { closer, hold, openDialog, turn } from './dialog.js';
import { copier, facts, make, verbatim, words } from './dom.js';
import { form, radios, refuseAs, select } from './forms.js';
import { ask } from './session.js';

const EXPIRIES = [300, 1200, 3600, 14_400, 86_400];

/** Opens the dialog. */
export function startRecovery(user, { path, done }) {
  openDialog('recovery.title', (dialog) => [
    make('p', { t: 'recovery.intro' }),
    form([
      radios('deliver', 'recovery.deliver', [
        ['email', 'recovery.email', { checked: true, values: { email: user.email } }],
        ['return', 'recovery.return', { hint: 'recovery.return-hint' }],
      ]),
      select('expires_in', 'recovery.expiry',
        [['', 'recovery.expiry-usual'], ...EXPIRIES.map((seconds) => [String(seconds), 'after', { seconds }])]),
    ], 'recovery.submit', async (within) => {
      const { deliver, expires_in: expiry } = within.elements;
      const order = { deliver: deliver.value };
      if (expiry.value) order.expires_in = Number(expiry.value);
      const outcome = await ask(`${path}/recovery`, order);
      if (!outcome.ok) return refuseAs(within, outcome);
      finish(dialog, outcome.value, () => done('recovery.started', {}, 'recovery'));
    }, { beside: [closer(dialog)] }),
  ]);
}

function finish(dialog, { link, code, expires_at: at, code_expires_at: codeAt }, then) {
  if (link !== undefined) hold(dialog);
  dialog.addEventListener('shut', then);
  const secret = (t, text) => {
    const output = verbatim(text, 'output');
    return make('div', {}, make('h3', { t }), make('div', { class: 'secret' }, output, ...copier(() => output.textContent)));
  };
  turn(dialog, 'recovery.started',
    link ? [secret('recovery.link', link), secret('recovery.code', code), make('p', { t: 'recovery.page', values: { page: `${location.origin}/verify-otp` } }), make('p', { class: 'warning', t: 'recovery.once' })]
      : make('p', { t: 'recovery.mailed' }),
    facts(
      ['recovery.link', words('recovery.until', { at })],
      ['recovery.code', words('recovery.until', { at: codeAt })]),
    make('div', { class: 'buttons' }, closer(dialog, 'close')));
}
