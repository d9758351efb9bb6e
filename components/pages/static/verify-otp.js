import { call } from './api.js';
import { announce, begin, explain, form, hideEmail, onPress, onSubmit, refuse } from './form.js';
import { comeBack, next, recall, remember, started } from './recovery.js';
import { hush, retitle, say } from './text.js';

// After so many wrong codes the server takes none from that email any more, unless the operator allows another number.
const TRIES = 5;

const { code: field, email: addressField } = form.elements;
const resend = document.querySelector('[data-resend]');
const wait = document.querySelector('[data-wait]');
const noMail = document.querySelector('[data-no-mail]');
let counting;
// The code that was sent last. It is not sent again by itself.
let tried;

hideEmail();
// Without an address, the page asks for it: a code belongs to the account, and may have been read out or emailed.
const { email, code_length: length } = recall();
if (length) say(document.querySelector('[data-label]'), 'code.label.digits', { count: length });
if (email) {
  document.querySelector('[data-email]').textContent = email;
  count();
} else {
  retitle();
}
begin(email || addressField.value ? field : addressField);

const isCode = (text) => (length ? text.length === length && /^[0-9]+$/.test(text) : /^[0-9]{6,10}$/.test(text));

field.addEventListener('input', () => {
  const code = digits(field.value);
  if (length && isCode(code) && code !== tried) form.requestSubmit();
});

onSubmit(async () => {
  const address = email ?? addressField.value.trim();
  if (!address) return refuse({ key: 'forgot.empty', field: addressField, holds: () => !addressField.value.trim() });
  const isNone = () => addressField.validity.typeMismatch;
  if (!email && isNone()) return refuse({ key: 'forgot.invalid', field: addressField, holds: isNone });
  const code = digits(field.value);
  if (!code) return refuse({ key: 'code.empty', field, holds: () => !digits(field.value) });
  // It would cost one of a few tries.
  if (!isCode(code)) {
    const key = length ? 'code.shape.digits' : 'code.shape';
    return refuse({ key, values: { count: length }, field, holds: () => !isCode(digits(field.value)) });
  }
  tried = code;
  const outcome = await call('/v1/verify-otp', { email: address, code });
  if (outcome.ok) {
    remember({ email: address, reset_token: outcome.value.reset_token, wrong: 0 });
    // Back leads to the page before: there is nothing to do here with a code that was used.
    return location.replace(next('/reset-password', form.dataset.return));
  }
  // The same code may be sent again, by its button.
  if (outcome.problem === 'start-again') return refuse({ key: 'code.lost', field });
  if (outcome.problem === 'validation-failed') return refuse({ key: 'forgot.invalid', field: addressField });
  if (outcome.problem !== 'invalid-otp') return refuse(explain(outcome));
  const { email: counted, wrong = 0 } = recall();
  // Of an address that was typed here, this tab knows no email whose tries are used up, and a new one would replace its code.
  if (address !== counted) return refuse({ key: 'code.wrong', field });
  remember({ wrong: wrong + 1 });
  refuse({ key: wrong + 1 >= TRIES ? 'code.spent' : 'code.wrong', field });
});

onPress(resend, async () => {
  say(noMail, 'code.no-mail');
  const outcome = await call('/v1/forgot-password', { email, locale: document.documentElement.lang });
  if (!outcome.ok) return refuse(explain(outcome));
  started(email, outcome.value);
  comeBack(form.dataset.return, outcome.value);
  field.value = '';
  tried = undefined;
  // In some languages it is a line shorter.
  noMail.style.minBlockSize = `${noMail.offsetHeight}px`;
  say(noMail, 'code.resent');
  announce('code.resent');
  // After the button is released.
  setTimeout(count);
});

/**
 * What is meant by `text`, as it was typed on any keyboard or pasted from any email: digits of all scripts are digits, and
 * spaces, dashes, dots and what cannot be seen mean nothing.
 */
function digits(text) {
  const bare = text.normalize('NFKC').replace(/[\s\p{P}\p{Cf}\p{M}\u2212]/gu, '');
  return bare.replace(/\p{Nd}/gu, (digit) => {
    // The digits of a script follow each other, and the one before its zero is none.
    let value = 0;
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0) - value - 1))) value += 1;
    return value;
  });
}

/** Holds the button back until another email may be asked for. */
function count() {
  clearInterval(counting);
  const tick = () => {
    const seconds = Math.ceil((recall().resend_at - Date.now()) / 1000);
    resend.setAttribute('aria-disabled', String(seconds > 0));
    if (seconds > 0) return say(wait, 'code.resend-wait', { seconds });
    hush(wait);
    clearInterval(counting);
  };
  counting = setInterval(tick, 1000);
  tick();
}
