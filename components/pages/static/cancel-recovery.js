import { call } from './api.js';
import { explain, onSubmit, refuse, show } from './form.js';
import { token } from './token.js';

if (!token) show('none', { focus: false });

onSubmit(async () => {
  const outcome = await call('/v1/cancel-recovery', { token });
  if (outcome.ok) show('done');
  else if (outcome.problem === 'invalid-reset-token') show('dead');
  else refuse(explain(outcome));
});
