import { call } from './api.js';
import { explain, form, hideEmail, onSubmit, refuse, show } from './form.js';
import { comeBack, next, recall, started } from './recovery.js';

const field = form.elements.email;

if (!hideEmail() && !field.value && recall().email) {
  // Who comes back for another address may only have to correct this one, or types over it.
  field.value = recall().email;
  field.select();
}

onSubmit(async () => {
  const email = field.value.trim();
  if (!email) return refuse({ key: 'forgot.empty', field, holds: () => !field.value.trim() });
  if (field.validity.typeMismatch) return refuse({ key: 'forgot.invalid', field, holds: () => field.validity.typeMismatch });
  const outcome = await call('/v1/forgot-password', { email, locale: document.documentElement.lang });
  if (!outcome.ok) {
    const invalid = outcome.problem === 'validation-failed';
    return refuse(invalid ? { key: 'forgot.invalid', field } : explain(outcome));
  }
  comeBack(form.dataset.return, outcome.value);
  // A browser that keeps nothing cannot use the code; the link works without.
  if (started(email, outcome.value)) location.assign(next('/verify-otp', form.dataset.return));
  else show('sent');
});
