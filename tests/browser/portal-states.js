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
  { ...EMAIL, id: `e${index}`, state, last_error: index % 2 ? 'status 503' : null }));

async function file(page, text) {
  await page.locator('input[type=file]').setInputFiles({ name: 'users.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(text) });
  await press(page, 'Import');
}

export const portalStates = {
  'portal-sign-in': open,
  'portal-wrong-key': async (page) => {
    await open(page);
    await page.getByLabel('API key').fill('kb_wrong_key');
    await press(page, 'Sign in');
    await page.getByText('This API key is not known.').first().waitFor();
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
    await answer(page, '**/v1/admin/users?limit=50', 200, '', { users: [], next_cursor: null });
    await view('#/users')(page, app);
    await page.getByText('There are no users yet.').waitFor();
  },
  'portal-users-nobody': async (page, app) => {
    await view('#/users')(page, app);
    await page.getByLabel('Email address').fill('nobody@example.test');
    await press(page, 'Find');
    await page.getByText('There is no user with the address').waitFor();
  },
  'portal-users-loading': async (page, app) => {
    await page.route('**/v1/admin/users?limit=50', () => {});
    await signIn(page, app.key, '#/users');
    await page.getByText('Loading…').first().waitFor();
  },
  'portal-users-unavailable': async (page, app) => {
    await answer(page, '**/v1/admin/users?limit=50', 503, 'service-unavailable');
    await signIn(page, app.key, '#/users');
    await page.getByText('This is not possible right now.').waitFor();
  },
  'portal-scope-missing': view('#/users', 'events'),
  'portal-unknown': view('#/nothing'),
  'portal-create': view('#/new-user'),
  'portal-create-refused': async (page, app) => {
    const other = await app.createUser();
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(other.email);
    await press(page, 'Create user');
    await page.getByText('Another user has this address.').first().waitFor();
  },
  'portal-create-password': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(`${randomBytes(6).toString('hex')}@example.test`);
    await page.getByLabel('Type one').check();
    await page.getByLabel('New password').fill('12345');
    await press(page, 'Create user');
    await page.getByText('This password is not accepted.').waitFor();
  },
  'portal-created': async (page, app) => {
    await view('#/new-user')(page, app);
    await page.getByLabel('Email address').fill(`${randomBytes(6).toString('hex')}@example.test`);
    await press(page, 'Create user');
    await done(page, 'The user is created.');
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
    await file(page, 'email,id\nbo@example.test,bo\n');
    await page.locator('.field .error').getByText('Nothing was imported.').waitFor();
  },
  'portal-import-cut': async (page, app) => {
    await view('#/import')(page, app);
    await answer(page, '**/v1/admin/users/import', 503, 'service-unavailable');
    await file(page, '{"email":"bo@example.test"}\n');
    await page.getByText('The import waits.').waitFor();
    await press(page, 'Lock');
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await page.getByText('The session ended before the import did.').waitFor();
  },
  'portal-import-waits': async (page, app) => {
    await view('#/import')(page, app);
    await answer(page, '**/v1/admin/users/import', 503, 'service-unavailable');
    await file(page, '{"email":"bo@example.test"}\n');
    await page.getByText('The import waits.').waitFor();
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
    await titled(page, 'There is no such user');
  },
  'portal-password': user('Change password'),
  'portal-password-typed': async (page, app) => {
    await user('Change password')(page, app);
    await dialog(page).getByLabel('Type one').check();
    await dialog(page).getByLabel('New password').fill('12345');
    await press(page, 'Change password');
    await dialog(page).getByText('This password is not accepted.').waitFor();
  },
  'portal-password-undeliverable': async (page, app) => {
    await user('Change password')(page, app);
    await dialog(page).getByLabel(/^Send it to/).uncheck();
    await press(page, 'Change password');
    await dialog(page).getByText('Nobody would know the password').first().waitFor();
  },
  'portal-password-once': async (page, app) => {
    await user('Change password')(page, app);
    await dialog(page).getByLabel('Show it here, once').check();
    await press(page, 'Change password');
    await dialog(page).getByText('The password is changed.').waitFor();
  },
  'portal-password-not-copied': async (page, app) => {
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
    });
    await user('Change password')(page, app);
    await dialog(page).getByLabel('Show it here, once').check();
    await press(page, 'Change password');
    await press(page, 'Copy');
    await dialog(page).locator('.secret .error').getByText('Copying did not work.').waitFor();
  },
  'portal-recovery': user('Start a recovery'),
  'portal-recovery-once': async (page, app) => {
    await user('Start a recovery')(page, app);
    await dialog(page).getByLabel('Show them here, once').check();
    await press(page, 'Start the recovery');
    await dialog(page).getByText('The recovery is started.').waitFor();
  },
  'portal-address': async (page, app) => {
    const other = await app.createUser();
    await user('Change address')(page, app);
    await dialog(page).getByLabel('New email address').fill(other.email);
    await press(page, 'Change address');
    await dialog(page).getByText('Another user has this address.').first().waitFor();
  },
  'portal-language': user('Change language'),
  'portal-disable': user('Disable'),
  'portal-delete': async (page, app) => {
    await user('Delete')(page, app);
    await press(page, 'Delete for good');
    await dialog(page).getByText('This is not the address above.').first().waitFor();
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
    await page.locator('.none').getByText('No emails in this state.').waitFor();
  },
  'portal-email': async (page, app) => {
    await answer(page, '**/v1/admin/emails/e1', 200, '', EMAIL);
    await view('#/emails/e1')(page, app);
    await page.getByText('It was given up').waitFor();
  },
  'portal-email-gone': async (page, app) => {
    await answer(page, '**/v1/admin/emails/e1', 404, 'not-found');
    await view('#/emails/e1')(page, app);
    await page.getByText('There is no such email any more.').waitFor();
  },
};
