import { call } from './api.js';
import { explain, form, onSubmit, refuse, show } from './form.js';
import { comeBack, started } from './recovery.js';

const field = form.elements.email;

onSubmit(async () => {
  const email = field.value.trim();
  if (!email) return refuse({ key: 'forgot.empty', field });
  if (field.validity.typeMismatch) return refuse({ key: 'forgot.invalid', field });
  const outcome = await call('/v1/forgot-password', { email, locale: document.documentElement.lang });
  if (!outcome.ok) {
    const invalid = outcome.problem === 'validation-failed';
    return refuse(invalid ? { key: 'forgot.invalid', field } : explain(outcome));
  }
  comeBack(form.dataset.return, outcome.value);
  // A browser that keeps nothing cannot use the code; the link works without.
  if (started(email, outcome.value)) location.assign('/verify-otp');
  else show('sent');
});
