// Checked by the compiler, and never run: what the types let through, and what they do not.

import { createKeyback, unwrap } from '../src/index.js';

export async function calls(): Promise<void> {
  const keyback = createKeyback({ baseUrl: 'https://id.example.com', key: async () => 'token' });

  const { challenge_id } = await unwrap(keyback.POST('/v1/forgot-password', { body: { email: 'ann@example.com' } }));
  const { reset_token } = await unwrap(keyback.POST('/v1/verify-otp', { body: { challenge_id, code: '123456' } }));
  const nothing: undefined = await unwrap(keyback.POST('/v1/reset-password', { body: { token: reset_token, new_password: '…' } }));
  void nothing;

  const account = await unwrap(keyback.GET('/v1/admin/users/{id}', { params: { path: { id: 'ann' } } }));
  const setBy: 'user' | 'administrator' | undefined = account.credential?.set_by;
  void setBy;

  // @ts-expect-error: there is no such call.
  await keyback.GET('/v1/forgot-password');
  // @ts-expect-error: an address is a text.
  await keyback.POST('/v1/forgot-password', { body: { email: 7 } });
  // @ts-expect-error: a code needs a request or an address.
  await keyback.POST('/v1/verify-otp', { body: { code: '123456' } });
  // @ts-expect-error: a path has parameters.
  await keyback.GET('/v1/admin/users/{id}');
  // @ts-expect-error: an account has no such member.
  void account.password;
}
