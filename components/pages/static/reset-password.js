import { call } from './api.js';
import { estimate, restart } from './estimate.js';
import { announce, begin, explain, form, onSubmit, refuse, settle, show } from './form.js';
import { cameBack, forget, recall } from './recovery.js';
import { retitle, say } from './text.js';
import { token } from './token.js';

const field = form.elements.password;
const reveal = document.querySelector('[data-reveal]');
const rule = (name) => document.querySelector(`[data-rule="${name}"]`);
// What tells most comes first: of several, the first is said.
const REASONS = [
  'too-short', 'too-long', 'same-as-current', 'breached', 'similar-to-email', 'similar-to-app-name', 'too-common', 'too-weak',
];
// What the server tells of a password while it is typed.
const ASSESSED = ['too-short', 'too-long', 'too-common', 'too-weak', 'similar-to-email', 'similar-to-app-name'];
// The contract's figures until the server has told its own.
const policy = { min_length: 8, max_length: 256, min_strength: 3 };
// What is known to be wrong with the password as it stands in the field.
let broken = new Set();
// The password that was refused last.
let refused;
// A link's token goes before one that a code was turned into.
let secret = token ?? recall().reset_token;

const WHY = {
  recovery: 'password.why.recovery', 'must-change': 'password.why.must-change', invitation: 'password.why.invitation',
};
// What an invited user reads, who has no password yet.
const INVITED = {
  'password.title': 'password.invitation.title',
  'password.label': 'password.invitation.label',
  'password.submit': 'password.invitation.submit',
  'password.done.title': 'password.invitation.done.title',
  'password.done.intro': 'password.invitation.done.intro',
};

if (secret) {
  form.elements.username.value = (token === null && recall().email) || '';
  learn();
  check();
} else {
  show('none', { focus: false });
}

/** Asks whose link it is and whether it still works. Without an answer the form works all the same. */
async function check() {
  const outcome = await call('/v1/reset-password/check', { token: secret });
  // It was used meanwhile.
  if (!secret) return;
  if (outcome.problem === 'invalid-reset-token') return finish('dead', { focus: false });
  if (outcome.ok) {
    const { email, reason } = outcome.value;
    // Password managers read it.
    form.elements.username.value = email;
    document.querySelector('[data-email]').textContent = email;
    if (reason in WHY) say(document.querySelector('[data-why]'), WHY[reason]);
    if (reason === 'invitation') welcome();
  }
  delete document.documentElement.dataset.checking;
  begin(field);
}

/** Says what an invitation is for, in the place of a change. */
function welcome() {
  for (const [key, own] of Object.entries(INVITED)) say(document.querySelector(`[data-t="${key}"]`), own);
  retitle();
}

async function learn() {
  const outcome = await call('/v1/password-policy');
  if (!outcome.ok) return;
  Object.assign(policy, outcome.value);
  field.setAttribute('passwordrules', policy.passwordrules);
  say(rule('length'), 'password.rule.length', { count: policy.min_length });
  rule('guess').hidden = policy.min_strength === 0;
  // In the place of another one, so that nothing moves.
  if (policy.breach_check) say(rule('reuse'), 'password.rule.breach');
  measure();
}

const isLong = () => [...field.value.normalize('NFC')].length >= policy.min_length;

/** Ticks the rule that can be judged here; the others wait for the server. */
function measure() {
  rule('length').toggleAttribute('data-met', isLong());
  if (isLong()) broken.delete('too-short');
  settle(field);
}

/** Shows what the server says of the password as it stands in the field; nothing, if that is not known. */
function judge(known) {
  const codes = new Set(known?.errors.map(({ code }) => code));
  if (known || field.value !== refused) broken = codes;
  const has = (...names) => names.some((name) => codes.has(name));
  rule('guess').toggleAttribute('data-met', known !== null && !has('too-weak', 'too-common', 'too-long'));
  // Whose password it is may not be known.
  const mayTell = known !== null && form.elements.username.value !== '';
  rule('name').toggleAttribute('data-met', mayTell && !has('similar-to-email', 'similar-to-app-name', 'too-long'));
  settle(field);
}

function reveals(shown) {
  field.type = shown ? 'text' : 'password';
  say(reveal, shown ? 'password.hide' : 'password.show');
}

field.addEventListener('input', () => {
  measure();
  estimate(field.value, form.elements.username.value, judge);
});

reveal.addEventListener('click', () => {
  const shown = field.type === 'password';
  reveals(shown);
  announce(shown ? 'password.shown' : 'password.hidden');
});

onSubmit(async () => {
  // Browsers keep what is typed into plain text fields.
  reveals(false);
  if (!field.value) return refuse({ key: 'password.empty', field, holds: () => !field.value });
  const outcome = await call('/v1/reset-password', { token: secret, new_password: field.value });
  if (outcome.ok) {
    cameBack();
    return finish('done');
  }
  switch (outcome.problem) {
    case 'invalid-reset-token':
      return finish('dead');
    case 'start-again':
      return finish('lost');
    case 'password-rejected':
      // Only the refusal that used the link up has a detail.
      if (outcome.detail) return finish('dead');
      return reject(outcome.errors.map((error) => error.code));
    case 'payload-too-large':
      return reject(['too-long']);
    default:
      refuse(explain(outcome));
  }
});

function reject(codes) {
  broken = new Set(codes);
  refused = field.value;
  const reasons = REASONS.filter((code) => codes.includes(code)).map((code) => ({
    key: `password.${code}`,
    values: { count: code === 'too-long' ? policy.max_length : policy.min_length },
    // What only the last word of the server tells is not known of another password.
    holds: ASSESSED.includes(code) && (() => broken.has(code)),
  }));
  refuse({ key: 'password.refused', field, ...(reasons.length > 0 && { reasons }) });
}

function finish(view, options) {
  secret = undefined;
  forget();
  form.reset();
  restart();
  show(view, options);
}
