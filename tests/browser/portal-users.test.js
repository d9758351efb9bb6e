// What administrators do with users, on the built app.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { heading, launch, quiet, visit } from './browser.js';
import { until } from './limits.js';
import { dialog, done, openUser, press, settled, signIn } from './portal-steps.js';
import { choose, hold, titled } from './steps.js';

const FAILING = { expectFailures: true };

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp({ cooldown_seconds: '1' }), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const fresh = () => `${randomBytes(6).toString('hex')}@example.test`;

/** A new user's view with the dialog behind `button` open. */
async function opened(page, button, members) {
  const user = await app.createUser(members);
  await openUser(page, app, user);
  if (button) {
    await press(page, button);
    await dialog(page).waitFor();
  }
  return user;
}

test('a password is generated, shown before it is set and once more with a way to copy it, and works', async () => {
  await visit(browser, app, { ...FAILING, permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    const user = await opened(page, 'Change password');
    assert.ok(await dialog(page).getByLabel('Require a change at the next sign-in').isChecked());
    await dialog(page).getByText('More options').click();
    assert.ok(await dialog(page).getByLabel('Sign out everywhere').isChecked());
    await dialog(page).getByLabel(/^Send it to/).uncheck();
    await dialog(page).getByLabel('Reason').fill('asked by phone');
    const secret = dialog(page).locator('output');
    const first = await secret.textContent();
    assert.match(first, /^[a-hjkmnp-z2-9]{5}(-[a-hjkmnp-z2-9]{5}){3}$/);
    await press(page, 'Generate another');
    const password = await secret.textContent();
    assert.notEqual(password, first);
    assert.ok(await app.signsIn(user.email, user.password), 'nothing was set');
    await press(page, 'Change password');
    await dialog(page).getByText('Copy it now. It won’t be shown again.').waitFor();
    assert.equal(await secret.textContent(), password);
    await press(page, 'Copy');
    await dialog(page).getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), password);
    // A key that is pressed by habit does not lose it.
    await page.keyboard.press('Escape');
    assert.equal(await secret.textContent(), password);
    await press(page, 'Close');
    await done(page, 'Password changed.');
    assert.ok(!(await page.content()).includes(password));
    await page.getByText('asked by phone').first().waitFor();
    const { password_change: change } = await app.signIn(user.email, password);
    assert.equal(change.reason, 'must-change');
    assert.equal(app.mails.count(user.email) > 0 && (await app.mails.next(user.email)).password, undefined);
    const kinds = (await app.events(user.id)).map(({ type }) => type);
    assert.ok(kinds.includes('sessions.revoked'), kinds.join());
  });
});

test('a secret that cannot be copied is selected, and the reason stands beside it', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.addInitScript(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
    });
    await opened(page, 'Change password');
    const secret = dialog(page).locator('output');
    await secret.waitFor();
    assert.equal(await dialog(page).locator('.secret .error:visible').count(), 0);
    await press(page, 'Copy');
    await dialog(page).locator('.secret .error:visible').getByText('Couldn’t copy. The text is selected').waitFor();
    assert.equal(await page.evaluate(() => String(getSelection())), await secret.textContent());
  });
});

test('a generated password goes to the user by mail, and is not shown again', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Change password');
    assert.ok(await dialog(page).getByLabel(`Send it to ${user.email}`).isChecked());
    await press(page, 'Change password');
    await dialog(page).getByText('It’s on its way by email.').waitFor();
    assert.equal(await dialog(page).locator('output').count(), 0);
    const { password } = await app.mails.next(user.email);
    assert.equal((await app.signIn(user.email, password)).password_change.reason, 'must-change');
  });
});

test('a typed password is judged by the policy, at its field', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Change password');
    const sent = dialog(page).getByLabel(/^Send it to/);
    for (const [way, isSent] of [['Enter one', false], ['Generate one', true], ['Enter one', false]]) {
      await dialog(page).getByLabel(way).check();
      assert.equal(await sent.isChecked(), isSent, way);
    }
    await dialog(page).getByText('At least 8 characters').waitFor();
    assert.ok(!await dialog(page).getByLabel('Show it here, once').isVisible());
    for (const [attempt, sentences] of [
      ['', ['Enter a new password.']],
      ['12345', [
        'This password is too short. Use at least 8 characters.',
        'This password is too common or too predictable.',
        'This password is too easy to guess. Add a few unrelated words.',
      ]],
      [user.email, [
        'This password is too easy to guess. Add a few unrelated words.',
        'This password is too similar to the email address.',
      ]],
    ]) {
      await dialog(page).getByLabel('New password').fill(attempt);
      await press(page, 'Change password');
      const error = dialog(page).locator('.field .error').filter({ has: page.getByText(sentences[0]) });
      await error.waitFor();
      assert.deepEqual(await error.locator('span').allTextContents(), sentences);
      assert.ok(await dialog(page).getByLabel('New password').evaluate((field) => field === document.activeElement));
    }
    const password = newPassword();
    await dialog(page).getByLabel('New password').fill(password);
    await dialog(page).getByRole('button', { name: 'Show', exact: true }).click();
    assert.equal(await dialog(page).getByLabel('New password').getAttribute('type'), 'text');
    await dialog(page).getByLabel('Require a change at the next sign-in').uncheck();
    await dialog(page).getByText('More options').click();
    await dialog(page).getByLabel('Sign out everywhere').uncheck();
    await press(page, 'Change password');
    await dialog(page).getByText('Password changed.').waitFor();
    await press(page, 'Close');
    await done(page, 'Password changed.');
    assert.equal((await app.signIn(user.email, password)).password_change, null);
    const types = (await app.events(user.id)).map(({ type }) => type);
    assert.ok(types.includes('password.changed') && !types.includes('sessions.revoked'), types.join());
  });
});

test('a password that nobody would know is refused where it is decided', async () => {
  const strict = await startApp({ admin_may_choose_password: 'false' });
  try {
    await visit(browser, strict, FAILING, async (page) => {
      const user = await strict.createUser();
      await openUser(page, strict, user);
      await press(page, 'Change password');
      await dialog(page).getByLabel(/^Send it to/).uncheck();
      await press(page, 'Change password');
      await dialog(page).locator('fieldset .error').getByText('Otherwise nobody will know it.').waitFor();
      assert.ok(await strict.signsIn(user.email, user.password));
      // What the server generates is shown once, if that is asked for.
      await dialog(page).getByLabel('Show it here, once').check();
      await press(page, 'Change password');
      await dialog(page).getByText('Copy it now. It won’t be shown again.').waitFor();
      assert.ok(await strict.signsIn(user.email, await dialog(page).locator('output').textContent()));
      await press(page, 'Close');
    });
  } finally {
    await strict.stop();
  }
});

test('where administrators may not choose, the way is not there, and is refused in words if it was', async () => {
  const strict = await startApp({ admin_may_choose_password: 'false' });
  try {
    await visit(browser, strict, FAILING, async (page) => {
      const user = await strict.createUser();
      await openUser(page, strict, user);
      await press(page, 'Change password');
      await dialog(page).getByLabel('Generate one').waitFor();
      assert.equal(await dialog(page).getByLabel('Enter one').isVisible(), false);
      assert.equal(await dialog(page).locator('output').count(), 0);
      await press(page, 'Change password');
      await dialog(page).getByText('It’s on its way by email.').waitFor();
    });
    await visit(browser, strict, FAILING, async (page) => {
      await page.route('**/v1/password-policy', (route) => route.abort());
      await openUser(page, strict, await strict.createUser());
      await press(page, 'Change password');
      await dialog(page).getByLabel('Enter one').check();
      await dialog(page).getByLabel('New password').fill(newPassword());
      await press(page, 'Change password');
      await dialog(page).locator('.field .error').getByText('You can’t enter a password here. Generate one instead.').waitFor();
    });
  } finally {
    await strict.stop();
  }
});

test('a refusal is told at the field that it names, or at its group, or else above the form', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await opened(page, 'Change password');
    await page.route('**/reset-password', (route) => route.fulfill({
      status: 422,
      headers: { 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({ type: '/problems/validation-failed', errors: [
        { pointer: '/send_email', detail: 'is not for this' }, { pointer: '/expires_in', detail: 'is too much' },
        { pointer: '/password', detail: 'is out of sight' }, { pointer: '/"]~1x', detail: 'is strange' },
      ] }),
    }));
    await press(page, 'Change password');
    const refused = (what) => `The server rejected this: it ${what}.`;
    await dialog(page).locator('[data-field=delivery] .error').getByText(refused('is not for this')).waitFor();
    await dialog(page).locator('.field .error').getByText(refused('is too much')).waitFor();
    const faults = await dialog(page).locator('.summary li').allTextContents();
    assert.deepEqual(faults, ['is not for this', 'is too much', 'is out of sight', 'is strange'].map(refused));
    assert.equal(await dialog(page).locator('.summary a').count(), 2);
    await dialog(page).locator('.summary a').first().click();
    assert.ok(await dialog(page).locator('[data-field=delivery]').evaluate((group) => group === document.activeElement));
  });
});

const escape = async (page) => {
  for (let time = 0; time < 3; time += 1) await page.keyboard.press('Escape');
};

/** Leaves the view with `leave`, and waits until the portal has restored it. */
async function broughtBack(page, leave) {
  const { hash } = new URL(page.url());
  await page.evaluate(() => {
    window.moves = 0;
    window.onhashchange = () => { window.moves += 1; };
  });
  await leave();
  await page.waitForFunction((place) => window.moves >= 2 && location.hash === place, hash);
}

const stepBack = (page) => page.evaluate(() => history.back());

test('a secret is not lost by a key or a step back that come while it is made, or while it shows', async () => {
  for (const [button, once, submit, path] of [
    ['Change password', '', 'Change password', '**/reset-password'],
    ['Start a recovery', 'Show them here, once', 'Start the recovery', '**/recovery'],
  ]) {
    await visit(browser, app, FAILING, async (page) => {
      const user = await app.createUser();
      await signIn(page, app.key);
      await page.locator('.rows').waitFor();
      await page.evaluate((id) => location.assign(`#/users/${id}`), user.id);
      await press(page, button);
      if (once) await dialog(page).getByLabel(once).check();
      else await dialog(page).getByLabel(/^Send it to/).uncheck();
      const release = await hold(page, path);
      await press(page, submit);
      await dialog(page).locator('[data-busy]').waitFor();
      await escape(page);
      await broughtBack(page, () => stepBack(page));
      await broughtBack(page, () => page.evaluate(() => location.assign('#/emails')));
      release();
      await dialog(page).locator('.warning').waitFor();
      const secret = dialog(page).locator('output').first();
      const shown = await secret.textContent();
      await escape(page);
      await broughtBack(page, () => stepBack(page));
      // As a gesture does that closes it without asking.
      await page.evaluate(() => document.querySelector('dialog').close());
      await dialog(page).waitFor();
      assert.equal(await secret.textContent(), shown);
      assert.equal(await page.locator('dialog a').count(), 0);
      let asked = 0;
      page.on('dialog', (question) => {
        asked += 1;
        assert.equal(question.type(), 'beforeunload');
        question.dismiss();
      });
      await page.evaluate(() => location.assign('/forgot-password'));
      await until(() => asked === 1, 'the question whether to leave');
      assert.equal(new URL(page.url()).hash, `#/users/${user.id}`);
      assert.equal(await secret.textContent(), shown);
      await press(page, 'Close');
      await page.locator('.notice.done').waitFor();
      await stepBack(page);
      await titled(page, 'Users');
    });
  }
});

test('what is under way is waited for, in a view and in a dialog without a secret', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Disable');
    const release = await hold(page, `**/v1/admin/users/${user.id}`);
    await press(page, 'Disable');
    await escape(page);
    await broughtBack(page, () => page.evaluate(() => location.assign('#/emails')));
    release();
    await done(page, 'User disabled.');
    await page.unroute(`**/v1/admin/users/${user.id}`);
    await page.evaluate(() => location.assign('#/new-user'));
    await titled(page, 'New user');
    await page.getByLabel('None yet').check();
    const created = await hold(page, '**/v1/admin/users');
    await page.getByLabel('Email address').fill(fresh());
    await press(page, 'Create user');
    await broughtBack(page, () => page.getByRole('link', { name: 'Emails' }).click());
    created();
    await done(page, 'User created.');
  });
});

test('a password can be given a life of its own', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Change password');
    await dialog(page).getByText('More options').click();
    const life = dialog(page).getByLabel('Expires');
    assert.equal(await life.locator('option').first().textContent(), 'Default (3 days)');
    await dialog(page).getByLabel('Require a change at the next sign-in').uncheck();
    assert.equal(await life.locator('option').first().textContent(), 'Default (never)');
    await dialog(page).getByLabel('Require a change at the next sign-in').check();
    await life.selectOption({ label: 'After 1 hour' });
    await press(page, 'Change password');
    await dialog(page).getByText('Password changed.').waitFor();
    const { credential } = await app.user(user.id);
    const hour = (Date.parse(credential.expires_at) - Date.now()) / 3_600_000;
    assert.ok(hour > 0.9 && hour <= 1, `${hour}`);
  });
});

test('a change can be required and not required any more', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Require a change');
    await dialog(page).getByLabel('Reason').fill('seen in a list');
    await press(page, 'Require a change');
    await done(page, 'The user must change their password at the next sign-in.');
    assert.equal((await app.user(user.id)).credential.must_change, true);
    await page.locator('.rows').getByText('seen in a list').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Remove the requirement' }).evaluate((one) => one === document.activeElement));
    await press(page, 'Remove the requirement');
    await press(page, 'Remove the requirement');
    await done(page, 'The user no longer has to change their password.');
    assert.equal((await app.user(user.id)).credential.must_change, false);
  });
});

test('a temporary password that no longer has to be changed still expires, and the dialog says so', async () => {
  const user = await app.createUser({ change_on_next_sign_in: true });
  const { expires_at: end } = (await app.user(user.id)).credential;
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user);
    const time = await page.evaluate((at) => (
      new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))), end);
    await press(page, 'Remove the requirement');
    await dialog(page).getByText(`The current password is temporary and works only until ${time}.`).waitFor();
    await press(page, 'Remove the requirement');
    await done(page, 'The user no longer has to change their password.');
    const { credential } = await app.user(user.id);
    assert.deepEqual([credential.must_change, credential.expires_at], [false, end]);
  });
});

test('a recovery is sent by mail and stopped, or its link and code are shown and work', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Start a recovery');
    await press(page, 'Start the recovery');
    await dialog(page).getByText('An email with a link and a code is on its way.').waitFor();
    assert.ok((await app.mails.next(user.email)).link);
    await press(page, 'Close');
    await done(page, 'Recovery started.');
    const underWay = page.locator('.facts div').filter({ hasText: 'Recovery in progress' });
    await underWay.getByText('Until').waitFor();
    await press(page, 'Stop the recovery');
    await press(page, 'Stop the recovery');
    await done(page, 'Recovery stopped.');
    await underWay.getByText('No', { exact: true }).waitFor();
    await page.locator('.rows').getByText('Recovery stopped').waitFor();
    await press(page, 'Start a recovery');
    await dialog(page).getByLabel('Show them here, once').check();
    await dialog(page).getByLabel('Link expires').selectOption({ label: 'After 1 day' });
    await press(page, 'Start the recovery');
    await dialog(page).getByText('They won’t be shown again.').waitFor();
    const [link, code] = await dialog(page).locator('output').allTextContents();
    assert.match(code, /^\d{6}$/);
    const password = newPassword();
    await visit(browser, app, {}, async (other) => {
      await other.goto(link);
      await choose(other, password);
      await titled(other, 'Your password has been changed');
    });
    assert.ok(await app.signsIn(user.email, password));
    await press(page, 'Close');
    await underWay.getByText('No', { exact: true }).waitFor();
    assert.ok(!(await page.content()).includes(link));
  });
});

test('a user is created with what was typed, and what is taken is told at the field', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const other = await app.createUser();
    await signIn(page, app.key);
    await page.getByRole('link', { name: 'New user' }).click();
    await titled(page, 'New user');
    const refused = async (text) => {
      await press(page, 'Create user');
      await page.locator('.field .error').getByText(text).waitFor();
    };
    await refused('Enter an email address.');
    await page.getByLabel('Email address').fill('ann');
    await refused('Enter a full email address');
    await page.getByLabel('Email address').fill(other.email);
    await refused('Another user already has this address.');
    const email = fresh();
    const id = randomBytes(6).toString('hex');
    await page.getByLabel('Email address').fill(email);
    await page.getByText('More options').click();
    await page.getByLabel('ID', { exact: true }).fill('a b');
    await refused('Enter 1 to 128 ASCII letters');
    await page.getByLabel('ID', { exact: true }).fill('import');
    await refused('This id is reserved.');
    await page.getByLabel('ID', { exact: true }).fill(other.id);
    await refused('Another user already has this ID.');
    assert.equal(await page.getByLabel('Email address').getAttribute('aria-invalid'), null);
    await page.getByLabel('ID', { exact: true }).fill(id);
    await page.locator('main').getByRole('combobox', { name: 'Language' }).selectOption('de');
    await page.getByLabel('Enter one').check();
    await refused('Enter a new password.');
    const password = newPassword();
    await page.getByLabel('New password').fill(password);
    await press(page, 'Create user');
    await done(page, 'User created.');
    await heading(page).getByText(email).waitFor();
    const user = await app.user(id);
    assert.deepEqual([user.email, user.locale, user.credential.must_change], [email, 'de', true]);
    assert.ok(await app.signsIn(email, password));
    assert.equal(new URL(page.url()).hash, `#/users/${id}`);
  });
});

test('a user with an id of another system is created, found, changed and deleted', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/new-user');
    const id = `auth0|${randomBytes(4).toString('hex')}/a%2Fb+c@d.e?f#g`;
    const local = `Ann.${randomBytes(4).toString('hex')}`;
    await page.getByLabel('Email address').fill(`${local}@b\u00fccher.example`);
    await page.getByText('More options').click();
    await page.getByLabel('ID', { exact: true }).fill(id);
    await page.getByLabel('None yet').check();
    await press(page, 'Create user');
    await done(page, 'User created.');
    const email = `${local}@xn--bcher-kva.example`;
    await heading(page).getByText(email).waitFor();
    await page.locator('code').getByText(id, { exact: true }).waitFor();
    assert.equal(new URL(page.url()).hash, `#/users/${encodeURIComponent(id)}`);
    assert.equal((await app.user(id)).email, email);

    await press(page, 'Disable');
    await press(page, 'Disable');
    await done(page, 'User disabled.');
    await page.locator('.rows').getByText('User disabled').waitFor();
    await page.goto('/portal#/users');
    await page.getByLabel('Search').fill(`${local.toLowerCase()}@B\u00dcCHER.example`);
    await page.keyboard.press('Enter');
    await heading(page).getByText(email).waitFor();
    await press(page, 'Delete');
    await dialog(page).getByLabel('User’s address').fill(email.toLowerCase());
    await press(page, 'Delete permanently');
    await page.getByText('User deleted.').first().waitFor();
    assert.equal((await app.user(id)).status, 404);
  });
});

test('a user without a password is told apart, and can be given one', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await opened(page, null, { password: undefined });
    await page.getByText('No password yet.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Require a change' }).count(), 0);
    await press(page, 'Change password');
    await press(page, 'Change password');
    await dialog(page).getByText('Password changed.').waitFor();
    await press(page, 'Close');
    await page.getByRole('button', { name: 'Remove the requirement' }).waitFor();
  });
});

test('address and language are changed, and a taken address is told at the field', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const other = await app.createUser();
    const user = await opened(page, 'Change address');
    const field = dialog(page).getByLabel('New email address');
    assert.equal(await field.inputValue(), user.email);
    for (const [address, text] of [['', 'Enter an email address.'], ['ann', 'Enter a full'], [other.email, 'Another user already has this address.']]) {
      await field.fill(address);
      await press(page, 'Change address');
      await dialog(page).locator('.field .error').getByText(text).waitFor();
    }
    const email = fresh();
    await field.fill(email);
    await press(page, 'Change address');
    await done(page, 'Address changed.');
    await heading(page).getByText(email).waitFor();
    await press(page, 'Change language');
    await press(page, 'Change language');
    await dialog(page).locator('.field .error').getByText('Choose a language.').waitFor();
    await dialog(page).getByLabel('Language').selectOption('ja');
    await press(page, 'Change language');
    await done(page, 'Language changed.');
    const { email: now, locale } = await app.user(user.id);
    assert.deepEqual([now, locale], [email, 'ja']);
    await page.locator('.rows').getByText('Address changed').waitFor();
    await press(page, 'Change language');
    await dialog(page).getByLabel('Language').selectOption({ label: 'Not set' });
    await press(page, 'Change language');
    await dialog(page).waitFor({ state: 'detached' });
    await page.locator('.facts').getByText('Not set').waitFor();
    assert.equal((await app.user(user.id)).locale, null);
  });
});

test('a user is disabled and enabled', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Disable');
    await press(page, 'Cancel');
    assert.equal((await app.user(user.id)).disabled, false);
    assert.ok(await page.getByRole('button', { name: 'Disable' }).evaluate((one) => one === document.activeElement));
    await press(page, 'Disable');
    await press(page, 'Disable');
    await done(page, 'User disabled.');
    assert.equal((await app.user(user.id)).disabled, true);
    await page.getByText('Disabled users can’t recover their account.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Start a recovery' }).count(), 0);
    await press(page, 'Enable');
    await press(page, 'Enable');
    await done(page, 'User enabled.');
    assert.equal((await app.user(user.id)).disabled, false);
  });
});

test('a user is deleted only by whoever types the address', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Delete');
    await dialog(page).getByLabel('User’s address').fill('somebody@example.test');
    await press(page, 'Delete permanently');
    await dialog(page).locator('.field .error').getByText('This doesn’t match the address above.').waitFor();
    assert.equal((await app.user(user.id)).email, user.email);
    await dialog(page).getByLabel('User’s address').fill(user.email);
    await press(page, 'Delete permanently');
    await done(page, 'User deleted.');
    await titled(page, 'Users');
    assert.equal((await app.user(user.id)).status, 404);
    await page.goBack();
    await titled(page, 'User not found');
    await page.locator('.rows').getByText('User created').waitFor();
  });
});

test('a user who was deleted meanwhile is told of, in a dialog as well', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Change password');
    await app.call('DELETE', `/v1/admin/users/${user.id}`);
    await press(page, 'Change password');
    await dialog(page).getByText('They may have been deleted.').waitFor();
    await press(page, 'Cancel');
    await press(page, 'Require a change');
    await press(page, 'Require a change');
    await dialog(page).getByText('They may have been deleted.').waitFor();
    await press(page, 'Cancel');
  });
});

test('events are told in words, with who, when, from where and why, and in pages', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser();
    for (let time = 0; time < 13; time += 1) {
      for (const required of [true, false]) await app.call('PUT', `/v1/admin/users/${user.id}/password-change`, { required });
    }
    await openUser(page, app, user);
    const rows = page.locator('.rows > li');
    await rows.first().getByText('Password change no longer required').waitFor();
    assert.match(await rows.first().innerText(), /An administrator: key[\s\S]*127\.0/);
    assert.equal(await rows.count(), 20);
    await press(page, 'Show more');
    await rows.getByText('User created').waitFor();
    assert.ok(await rows.nth(20).evaluate((row) => row === document.activeElement));
    assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0);
  });
});

test('what an administrator or a user wrote is text, not markup', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser({ email: `a&b'${randomBytes(4).toString('hex')}@example.test` });
    const reason = '<img src=x onerror=alert(1)> & "so"';
    await app.call('POST', `/v1/admin/users/${user.id}/reset-password`, { generate: true, return_password: true, reason });
    await signIn(page, app.key, `#/users/${user.id}`);
    await page.locator('.rows').getByText(reason).first().waitFor();
    assert.equal(await page.locator('main img').count(), 0);
  });
});

test('one press is one call, and a call without an answer can be made again', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await opened(page, 'Change password');
    let calls = 0;
    let release;
    const pressed = new Promise((resolve) => { release = resolve; });
    await page.route('**/reset-password', async (route) => {
      calls += 1;
      if (calls === 1) return route.abort();
      if (calls === 2) return route.fulfill({ status: 504, body: '<html>' });
      if (calls === 3) return route.fulfill({ status: 503, body: '{"type":"/problems/service-unavailable"}' });
      await pressed;
      await route.continue();
    });
    await dialog(page).getByLabel(/^Send it to/).uncheck();
    for (const call of [1, 2, 3]) {
      await press(page, 'Change password');
      await dialog(page).locator('.summary').getByText('your change may or may not have been made').waitFor();
      assert.equal(calls, call);
    }
    const submit = dialog(page).getByRole('button', { name: 'Change password' });
    for (let press = 0; press < 4; press += 1) await submit.dispatchEvent('click');
    await page.keyboard.press('Escape');
    release();
    await dialog(page).locator('.warning').waitFor();
    assert.equal(calls, 4);
    assert.ok(!await app.signsIn(user.email, user.password));
  });
});
