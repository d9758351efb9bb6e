// Every view of the portal, in every state that an administrator can meet.

import { randomBytes } from 'node:crypto';
import { dialog, done, openUser, press, settled, signIn } from './portal-steps.js';
import { ready, titled } from './steps.js';

const open = async (page) => {
  await page.goto('/portal');
  await ready(page);
};

const view = (hash, key = 'key') => async (page, app) => {
  await signIn(page, key === 'key' ? app.key : app.keys[key], hash);
  await settled(page);
};

/** A user's view, with a dialog opened by `button` if one is named. */
const user = (button, members = {}) => async (page, app) => {
  const created = await app.createUser(members);
  await openUser(page, app, created);
  await page.locator('.rows').waitFor();
  if (button) {
    await press(page, button);
    await dialog(page).waitFor();
  }
  return created;
};

const answer = (page, path, status, slug, body = {}) => page.route(path, (route) => route.fulfill({
  status,
  headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' },
  body: JSON.stringify(status < 400 ? body : { type: `https://id.example.test/problems/${slug}`, status }),
}));

const EMAIL = {
  id: 'e1', user_id: 'ann', kind: 'temporary-password', state: 'failed', attempts: 10, created_at: '2026-08-01T09:00:00Z',
  updated_at: '2026-08-02T10:00:00Z', next_attempt_at: null, last_error: 'status 503', provider: 'resend',
};
const EMAILS = ['pending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'expired'].map((state, index) => (
  { ...EMAIL, id: `e${index}`, state, last_error: ['bounced', 'failed', 'expired'].includes(state) ? 'status 503' : null }));

async function look(page, text, name = 'users.ndjson') {
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/x-ndjson', buffer: Buffer.from(text) });
  await press(page, 'Next');
  await page.getByRole('heading', { name: 'Check the file' }).waitFor();
}

async function file(page, text) {
  await look(page, text);
  await press(page, 'Import');
}

const JOB = {
  id: 'j1', action: 'sign-out', state: 'running', total: 312, done: 100, skipped: 2, failed: 1, reason: 'A list of passwords was published.',
  failures: [{ user_id: 'ann', detail: 'has no address' }], created_at: '2026-08-01T09:00:00Z', updated_at: '2026-08-01T09:05:00Z',
  actor: { kind: 'administrator', id: 'key' },
};
const JOBS = [JOB, { ...JOB, id: 'j2', action: 'recover', state: 'done', done: 310 }, { ...JOB, id: 'j3', action: 'disable', state: 'stopped', reason: null }];

export const portalStates = {
  'portal-sign-in': open,
  'portal-wrong-key': async (page) => {
    await open(page);
    await page.getByLabel('API key').fill('kb_wrong_key');
    await press(page, 'Sign in');
    await page.getByText('This API key isn’t valid.').first().waitFor();
  },
  'portal-locked': async (page, app) => {
    await view('#/users')(page, app);
    await press(page, 'Lock');
    await page.getByText('Locked.').waitFor();
  },
  'portal-locks-soon': async (page, app) => {
    await page.clock.install();
    await view('#/users')(page, app);
    await page.clock.fastForward('14:30');
    await page.locator('[data-soon]:visible').waitFor();
  },
  'portal-users': async (page, app) => {
    for (const members of [{}, { change_on_next_sign_in: true }, { password: undefined, email: `nobody-with-a-rather-long-name-${randomBytes(4).toString('hex')}@department.university.example.test` }]) {
      const { id } = await app.createUser(members);
      if (members.change_on_next_sign_in) await app.call('PATCH', `/v1/admin/users/${id}`, { disabled: true });
    }
    await view('#/users')(page, app);
    await page.locator('.rows').waitFor();
  },
  'portal-users-none': async (page, app) => {
    await answer(page, '**/v1/admin/users?limit=50*', 200, '', { users: [], total: 0, next_cursor: null, previous_cursor: null });
    await view('#/users')(page, app);
    await page.getByText('No users yet.').waitFor();
  },
  'portal-users-nobody': async (page, app) => {
    await view('#/users')(page, app);
    await page.getByLabel('Search').fill('nobody-has-this');
    await page.locator('.none').getByText('No users match.').waitFor();
  },
  'portal-users-ticked': async (page, app) => {
    await app.createUser();
    await app.createUser();
    await view('#/users')(page, app);
    for (const index of [0, 1]) await page.locator('[data-tick]').nth(index).check();
    await page.locator('.ticked:visible').waitFor();
  },
  'portal-users-loading': async (page, app) => {
    await page.route('**/v1/admin/users?limit=50*', () => {});
    await signIn(page, app.key, '#/users');
    await page.getByText('Loading…').first().waitFor();
  },
  'portal-users-unavailable': async (page, app) => {
    await answer(page, '**/v1/admin/users?limit=50*', 503, 'service-unavailable');
    await signIn(page, app.key, '#/users');
    await page.getByText('This isn’t available right now.').waitFor();
  },
  'portal-scope-missing': view('#/users', 'events'),
  'portal-unknown': view('#/nothing'),
  'portal-create': view('#/new-user'),
  'portal-create-refused': async (page, app) => {
    const other = await app.createUser();
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(other.email);
    await press(page, 'Create user');
    await page.getByText('Another user already has this address.').first().waitFor();
  },
  'portal-create-password': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(`${randomBytes(6).toString('hex')}@example.test`);
    await page.getByLabel('Enter one').check();
    await page.getByLabel('New password').fill('12345');
    await press(page, 'Create user');
    await page.getByText('This password is too short.').waitFor();
  },
  'portal-create-more': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByText('More options').click();
  },
  'portal-create-blind': async (page, app) => {
    await signIn(page, app.keys.writer);
    await titled(page, 'New user');
  },
  'portal-create-generate': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByLabel('Generate one').check();
  },
  'portal-created-once': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(`${randomBytes(6).toString('hex')}@example.test`);
    await page.locator('[name=deliver][value=return]').check();
    await press(page, 'Create user');
    await dialog(page).locator('output').waitFor();
  },
  'portal-created': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(`${randomBytes(6).toString('hex')}@example.test`);
    await page.getByLabel('None yet').check();
    await press(page, 'Create user');
    await done(page, 'User created.');
    await page.locator('.rows').waitFor();
  },
  'portal-import': view('#/import'),
  'portal-import-failed': async (page, app) => {
    const { email } = await app.createUser();
    await view('#/import')(page, app);
    await file(page, `{"email":"${randomBytes(6).toString('hex')}@example.test"}\n{"email":"${email}"}\n{"mail":1}\nno json\n{"email":"bo@example.test","password":"1"}\n`);
    await page.locator('#import-state').getByText('Finished with users.ndjson. Lines: 5.').waitFor();
  },
  'portal-import-format': async (page, app) => {
    await view('#/import')(page, app);
    await page.locator('input[type=file]').setInputFiles({ name: 'users.xml', mimeType: 'text/xml', buffer: Buffer.from('<users/>') });
    await press(page, 'Next');
    await page.locator('.field .error').getByText('Nothing was imported.').waitFor();
  },
  'portal-import-table': async (page, app) => {
    await view('#/import')(page, app);
    await look(page, 'Name;E-Mail;UID;Password\nAnn;ann@example.test;ann;secret\nBo;bo@example.test;bo;secret\n', 'users.csv');
  },
  'portal-import-checked': async (page, app) => {
    await view('#/import')(page, app);
    await answer(page, '**/v1/admin/users/import?dry_run=true', 200, '', {
      created: 1, unchanged: 0, failed: 1, failures: [{ line: 2, code: 'validation-failed', detail: 'is missing', pointer: '/email' }],
    });
    await look(page, '{"email":"bo@example.test"}\n{"id":"ann"}\n');
    await press(page, 'Check only');
    await page.locator('#import-state').getByText('Checked users.ndjson').waitFor();
  },
  'portal-export-failed': async (page, app) => {
    await view('#/users')(page, app);
    await answer(page, '**/v1/admin/users/export', 503, 'service-unavailable');
    await press(page, 'Export');
    await page.locator('.notice').getByText('This isn’t available right now.').waitFor();
  },
  'portal-bulk': async (page, app) => {
    await answer(page, '**/v1/admin/users/bulk', 200, '', { jobs: JOBS });
    await view('#/bulk')(page, app);
    await page.locator('.rows').waitFor();
  },
  'portal-bulk-nobody': async (page, app) => {
    await answer(page, '**/v1/admin/users/bulk', 200, '', { jobs: [], matching: 0 });
    await view('#/bulk')(page, app);
    await press(page, 'Preview');
    await page.locator('fieldset .error').getByText('No users match.').waitFor();
  },
  'portal-bulk-preview': async (page, app) => {
    await answer(page, '**/v1/admin/users/bulk', 200, '', { jobs: [], matching: 312 });
    await view('#/bulk')(page, app);
    await page.getByLabel('Disable').check();
    await press(page, 'Preview');
    await dialog(page).getByText('This will disable 312 users.').waitFor();
  },
  'portal-job': async (page, app) => {
    await answer(page, '**/v1/admin/users/bulk/j1', 200, '', JOB);
    await answer(page, '**/v1/admin/users/ann', 200, '', { id: 'ann', email: 'ann@example.test' });
    await view('#/bulk/j1')(page, app);
    await page.getByText('has no address').waitFor();
  },
  'portal-job-stop': async (page, app) => {
    await answer(page, '**/v1/admin/users/bulk/j1', 200, '', JOB);
    await view('#/bulk/j1')(page, app);
    await press(page, 'Stop');
    await dialog(page).getByText('What’s done stays done.').waitFor();
  },
  'portal-job-gone': async (page, app) => {
    await answer(page, '**/v1/admin/users/bulk/j1', 404, 'not-found');
    await view('#/bulk/j1')(page, app);
    await page.getByText('This bulk action no longer exists.').waitFor();
  },
  'portal-events': async (page, app) => {
    const { id } = await app.createUser();
    await app.call('POST', `/v1/admin/users/${id}/reset-password`, { generate: true, return_password: true, reason: 'Asked by phone.' });
    await view('#/events')(page, app);
    await page.locator('.rows').waitFor();
  },
  'portal-events-none': async (page, app) => {
    await answer(page, '**/v1/admin/events?*', 200, '', { events: [], next_cursor: null });
    await view('#/events?actor=nobody')(page, app);
    await page.locator('.none').getByText('No events match.').waitFor();
  },
  'portal-import-cut': async (page, app) => {
    await view('#/import')(page, app);
    await answer(page, '**/v1/admin/users/import', 503, 'service-unavailable');
    await file(page, '{"email":"bo@example.test"}\n');
    await page.getByText('Import paused.').waitFor();
    await press(page, 'Lock');
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await page.getByText('Your session ended before the import finished.').waitFor();
  },
  'portal-import-waits': async (page, app) => {
    await view('#/import')(page, app);
    await answer(page, '**/v1/admin/users/import', 503, 'service-unavailable');
    await file(page, '{"email":"bo@example.test"}\n');
    await page.getByText('Import paused.').waitFor();
  },
  'portal-user': user(),
  'portal-user-no-password': user(null, { password: undefined, locale: 'ja' }),
  'portal-user-disabled': async (page, app) => {
    const { id } = await user(null, { change_on_next_sign_in: true })(page, app);
    await app.call('PATCH', `/v1/admin/users/${id}`, { disabled: true });
    await app.call('POST', `/v1/admin/users/${id}/reset-password`, {
      generate: true, return_password: true, expires_in: 3600, reason: 'Asked by phone; called back on the number we know.',
    });
    await page.reload();
    await signIn(page, app.key, `#/users/${id}`);
    await page.getByText('Asked by phone').first().waitFor();
  },
  'portal-user-gone': async (page, app) => {
    await view('#/users/nobody')(page, app);
    await titled(page, 'User not found');
  },
  'portal-user-locked': async (page, app) => {
    const { id } = await app.createUser();
    await page.route(`**/v1/admin/users/${id}`, async (route) => {
      const found = await route.fetch();
      const members = { locked_until: '2026-08-01T10:00:00Z', recovery_paused_until: '2026-08-01T10:00:00Z', failed_sign_ins: 100, wrong_codes: 7 };
      return route.fulfill({ response: found, json: { ...await found.json(), ...members } });
    });
    await view(`#/users/${id}`)(page, app);
    await page.getByRole('button', { name: 'Unlock' }).waitFor();
  },
  'portal-user-read-only': async (page, app) => {
    const { id } = await app.createUser();
    await view(`#/users/${id}`, 'reader')(page, app);
    await page.locator('[data-lacks]').first().waitFor();
  },
  'portal-unlock': async (page, app) => {
    await portalStates['portal-user-locked'](page, app);
    await press(page, 'Unlock');
    await dialog(page).waitFor();
  },
  'portal-sign-out': user('Sign out everywhere'),
  'portal-require': user('Require a change'),
  'portal-invite': user('Invite', { password: undefined }),
  'portal-invite-once': async (page, app) => {
    await user('Invite', { password: undefined })(page, app);
    await dialog(page).getByLabel('Show it here, once').check();
    await press(page, 'Invite');
    await dialog(page).locator('output').waitFor();
  },
  'portal-stop': async (page, app) => {
    const { id, email } = await app.createUser();
    await app.call('POST', `/v1/admin/users/${id}/recovery`, { deliver: 'return' });
    await openUser(page, app, { id, email });
    await press(page, 'Stop the recovery');
    await dialog(page).waitFor();
  },
  'portal-password': user('Change password'),
  'portal-password-typed': async (page, app) => {
    await user('Change password')(page, app);
    await dialog(page).getByLabel('Enter one').check();
    await dialog(page).getByLabel('New password').fill('12345');
    await press(page, 'Change password');
    await dialog(page).getByText('This password is too short.').waitFor();
  },
  'portal-password-drawn-life': async (page, app) => {
    await user('Change password')(page, app);
    await dialog(page).getByText('More options').click();
  },
  'portal-password-undeliverable': async (page, app) => {
    await page.route('**/v1/password-policy', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), admin_may_choose: false } });
    });
    await user('Change password')(page, app);
    await dialog(page).getByLabel(/^Send it to/).uncheck();
    await press(page, 'Change password');
    await dialog(page).getByText('Otherwise nobody will know it.').first().waitFor();
  },
  'portal-password-once': async (page, app) => {
    await user('Change password')(page, app);
    await dialog(page).getByLabel(/^Send it to/).uncheck();
    await press(page, 'Change password');
    await dialog(page).getByText('Password changed.').waitFor();
  },
  'portal-password-not-copied': async (page, app) => {
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
    });
    await user('Change password')(page, app);
    await press(page, 'Copy');
    await dialog(page).locator('.secret .error').getByText('Couldn’t copy.').waitFor();
  },
  'portal-recovery': user('Start a recovery'),
  'portal-recovery-once': async (page, app) => {
    await user('Start a recovery')(page, app);
    await dialog(page).getByLabel('Show them here, once').check();
    await press(page, 'Start the recovery');
    await dialog(page).getByText('Recovery started.').waitFor();
  },
  'portal-address': async (page, app) => {
    const other = await app.createUser();
    await user('Change address')(page, app);
    await dialog(page).getByLabel('New email address').fill(other.email);
    await press(page, 'Change address');
    await dialog(page).getByText('Another user already has this address.').first().waitFor();
  },
  'portal-language': user('Change language'),
  'portal-disable': user('Disable'),
  'portal-delete': async (page, app) => {
    await user('Delete')(page, app);
    await press(page, 'Delete permanently');
    await dialog(page).getByText('This doesn’t match the address above.').first().waitFor();
  },
  'portal-emails': async (page, app) => {
    await answer(page, '**/v1/admin/emails?*', 200, '', { emails: EMAILS, next_cursor: 'a' });
    await answer(page, '**/v1/admin/users/ann', 200, '', { id: 'ann', email: 'ann.with-a-rather-long-name@department.example.test' });
    await view('#/emails')(page, app);
    await page.locator('.rows').waitFor();
  },
  'portal-emails-none': async (page, app) => {
    await answer(page, '**/v1/admin/emails?*', 200, '', { emails: [], next_cursor: null });
    await view('#/emails?state=failed')(page, app);
    await page.locator('.none').getByText('No emails with this status.').waitFor();
  },
  'portal-email': async (page, app) => {
    await answer(page, '**/v1/admin/emails/e1', 200, '', EMAIL);
    await view('#/emails/e1')(page, app);
    await page.getByText('won’t be retried automatically.').waitFor();
  },
  'portal-email-retry': async (page, app) => {
    await answer(page, '**/v1/admin/emails/e1', 200, '', EMAIL);
    await answer(page, '**/v1/admin/users/ann', 200, '', { id: 'ann', email: 'ann@example.test' });
    await view('#/emails/e1')(page, app);
    await press(page, 'Send again');
    await dialog(page).waitFor();
  },
  'portal-email-gone': async (page, app) => {
    await answer(page, '**/v1/admin/emails/e1', 404, 'not-found');
    await view('#/emails/e1')(page, app);
    await page.getByText('This email no longer exists.').waitFor();
  },
};
