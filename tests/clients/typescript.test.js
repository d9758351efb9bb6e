// The client in clients/typescript: its types are those of the document, and it makes the whole journey.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { KeybackError, createKeyback, unwrap } from '../../clients/typescript/dist/index.js';
import { newPassword, startApp } from '../browser/app.js';

const run = promisify(execFile);
const folder = new URL('../../clients/typescript/', import.meta.url).pathname;

let app;
let keyback;
let visitor;

before(async () => {
  app = await startApp({ limit_client_verify: '10/60' });
  visitor = createKeyback({ baseUrl: app.origin });
  keyback = createKeyback({ baseUrl: app.origin, key: app.key });
});
after(() => app?.stop());

const create = (email) => unwrap(keyback.POST('/v1/admin/users', { body: { email, password: newPassword() } }));
const signIn = (email, password) => unwrap(keyback.POST('/v1/sign-in', { body: { email, password } }));

/** The error that a call is refused with. */
async function refused(call) {
  const error = await unwrap(call).then(() => assert.fail('it was not refused'), (it) => it);
  assert.ok(error instanceof KeybackError, error);
  return error;
}

test('the types are generated from the document', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'keyback-client-'));
  const generated = join(scratch, 'schema.ts');
  await run('npx', ['--no-install', 'openapi-typescript', '../../docs/openapi.yaml', '--output', generated], { cwd: folder });
  const [made, kept] = await Promise.all([readFile(generated, 'utf8'), readFile(join(folder, 'src/schema.ts'), 'utf8')]);
  await rm(scratch, { recursive: true });
  assert.ok(made === kept, 'src/schema.ts is not what docs/openapi.yaml gives: npm run generate');
});

test('the types refuse what the contract refuses', async () => {
  await run('npx', ['--no-install', 'tsc', '--project', 'test'], { cwd: folder });
});

test('a user recovers with a code', async () => {
  const { email } = await create('ann@example.test');
  const { challenge_id, code_length } = await unwrap(visitor.POST('/v1/forgot-password', { body: { email } }));
  const { code } = await app.mails.next(email);
  assert.equal(code.length, code_length);
  const { reset_token } = await unwrap(visitor.POST('/v1/verify-otp', { body: { challenge_id, code } }));
  const new_password = newPassword();
  const nothing = await unwrap(visitor.POST('/v1/reset-password', { body: { token: reset_token, new_password } }));
  assert.equal(nothing, undefined);
  const { password_change } = await signIn(email, new_password);
  assert.equal(password_change, null);
});

test('an administrator has a password generated and mailed, and it must be changed', async () => {
  const { id, email } = await create('bob@example.test');
  const { change_required, email_id } = await unwrap(keyback.POST('/v1/admin/users/{id}/reset-password', {
    params: { path: { id } },
    body: { generate: true, send_email: true, reason: 'asked by phone' },
  }));
  assert.equal(change_required, true);
  const { password } = await app.mails.next(email);
  const { password_change } = await signIn(email, password);
  assert.equal(password_change.reason, 'must-change');
  const own = newPassword();
  await unwrap(visitor.POST('/v1/reset-password', { body: { token: password_change.token, new_password: own } }));
  await signIn(email, own);
  const mail = await unwrap(keyback.GET('/v1/admin/emails/{id}', { params: { path: { id: email_id } } }));
  assert.equal(mail.kind, 'temporary-password');
});

test('an id of any characters is one segment of a path', async () => {
  const id = 'auth0|5f7c/?#%2F';
  await unwrap(keyback.POST('/v1/admin/users', { body: { email: 'cid@example.test', id } }));
  const account = await unwrap(keyback.GET('/v1/admin/users/{id}', { params: { path: { id } } }));
  assert.equal(account.id, id);
  await unwrap(keyback.DELETE('/v1/admin/users/{id}', { params: { path: { id } } }));
  const gone = await refused(keyback.GET('/v1/admin/users/{id}', { params: { path: { id } } }));
  assert.deepEqual([gone.status, gone.kind], [404, 'not-found']);
});

test('problems are errors with all that the answer says', async () => {
  const invalid = await refused(visitor.POST('/v1/forgot-password', { body: { email: 'nobody' } }));
  assert.deepEqual([invalid.status, invalid.kind, invalid.errors[0].pointer], [422, 'validation-failed', '/email']);
  assert.equal(invalid.type, `${app.origin}/problems/validation-failed`);
  assert.match(invalid.requestId, /^[0-9a-f-]{36}$/u);
  const keyless = await refused(visitor.GET('/v1/admin/users'));
  assert.deepEqual([keyless.status, keyless.kind, keyless.retryAfter], [401, 'unauthorized', undefined]);

  let limited;
  do limited = await refused(visitor.POST('/v1/verify-otp', { body: { email: 'eve@example.test', code: '000000' } }));
  while (limited.kind === 'invalid-otp');
  assert.deepEqual([limited.status, limited.kind], [429, 'rate-limited']);
  assert.ok(limited.retryAfter >= 1 && limited.retryAfter <= 60, limited.retryAfter);
});

test('an answer that no Keyback gave is an error too', async () => {
  const fetch = async () => new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } });
  const error = await refused(createKeyback({ baseUrl: app.origin, fetch }).GET('/v1/health'));
  assert.deepEqual([error.status, error.kind, error.errors], [502, '', []]);
});
