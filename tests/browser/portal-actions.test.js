// What administrators do to a user besides passwords, each with a reason; and how a user begins.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { heading, launch, visit } from './browser.js';
import { dialog, done, openUser, press, signIn } from './portal-steps.js';
import { choose } from './steps.js';

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

/** Opens the dialog behind `button` of a new user, gives a reason, and does it. */
async function doneFor(page, button, { members, submit = button, reason = `because of ${randomBytes(4).toString('hex')}` } = {}) {
  const user = await app.createUser(members);
  await openUser(page, app, user);
  await press(page, button);
  await dialog(page).locator('.who').getByText(user.email).waitFor();
  await dialog(page).getByLabel('Reason').fill(reason);
  await press(page, submit);
  return { ...user, reason };
}

test('a user is signed out everywhere, and the password stays', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser();
    const before = await app.signIn(user.email, user.password);
    await openUser(page, app, user);
    await press(page, 'Sign out everywhere');
    await dialog(page).getByText(user.email).waitFor();
    await dialog(page).getByLabel('Reason').fill('lost a laptop');
    await press(page, 'Sign out everywhere');
    await done(page, 'User signed out everywhere.');
    const now = await app.signIn(user.email, user.password);
    assert.ok(now.credential_epoch > before.credential_epoch);
    await page.locator('.rows').getByText('lost a laptop').waitFor();
  });
});

test('every action is done for a reason that its event has', async () => {
  await visit(browser, app, FAILING, async (page) => {
    for (const button of ['Require a change', 'Start a recovery', 'Sign out everywhere', 'Disable']) {
      const { id, reason } = await doneFor(page, button, { submit: button === 'Start a recovery' ? 'Start the recovery' : button });
      if (button === 'Start a recovery') await press(page, 'Close');
      await page.locator('.notice.done').waitFor();
      assert.ok((await app.events(id)).some((event) => event.reason === reason), button);
      await page.reload();
    }
    const user = await app.createUser();
    await openUser(page, app, user);
    await press(page, 'Sign out everywhere');
    await dialog(page).getByLabel('Reason').evaluate((field) => { field.removeAttribute('maxlength'); });
    await dialog(page).getByLabel('Reason').fill('x'.repeat(501));
    await press(page, 'Sign out everywhere');
    await dialog(page).locator('.field .error').getByText('Enter the reason on one line, with at most 500 characters.').waitFor();
  });
});

test('an account that others have locked is marked and unlocked', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser();
    const locked = { locked_until: new Date(Date.now() + 3_600_000).toISOString(), failed_sign_ins: 100 };
    let isLocked = true;
    await page.route(`**/v1/admin/users/${user.id}`, async (route) => {
      const answer = await route.fetch();
      return route.fulfill({ response: answer, json: { ...await answer.json(), ...(isLocked && locked) } });
    });
    await openUser(page, app, user);
    await page.locator('.facts div').filter({ hasText: 'Sign-in locked' }).getByText('Until').waitFor();
    await page.locator('.facts div').filter({ hasText: 'Failed sign-ins' }).getByText('100').waitFor();
    await press(page, 'Unlock');
    const unlocked = page.waitForRequest('**/unlock');
    await dialog(page).getByLabel('Reason').fill('called back');
    isLocked = false;
    await press(page, 'Unlock');
    assert.deepEqual((await unlocked).postDataJSON(), { reason: 'called back' });
    await done(page, 'User unlocked.');
    assert.equal(await page.getByRole('button', { name: 'Unlock' }).count(), 0);
  });
});

test('a user’s sign-ins are told of', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser();
    await openUser(page, app, user);
    const last = page.locator('.facts div').filter({ hasText: 'Last sign-in' });
    await last.getByText('Never').waitFor();
    await app.signIn(user.email, 'not the password');
    await app.signIn(user.email, user.password);
    await page.reload();
    await openUser(page, app, user);
    await last.locator('time').waitFor();
    await page.locator('.facts div').filter({ hasText: 'Failed sign-ins' }).waitFor();
  });
});

test('a user is invited by mail as the account is created, and again on demand', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/new-user');
    const email = fresh();
    await page.getByLabel('Email address').fill(email);
    assert.ok(await page.getByLabel('Invite the user to choose one').isChecked());
    await page.getByText('More options').click();
    await page.getByLabel('Link expires').selectOption({ label: 'After 14 days' });
    await page.getByLabel('Reason').fill('starts in December');
    const asked = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/v1/admin/users'));
    await press(page, 'Create user');
    assert.deepEqual((await asked).postDataJSON(), {
      email, invite: { deliver: 'email', expires_in: 1_209_600 }, reason: 'starts in December',
    });
    await done(page, 'User created.');
    const { link } = await app.mails.next(email);
    await press(page, 'Invite');
    await press(page, 'Invite');
    await dialog(page).getByText('The invitation is on its way by email.').waitFor();
    await press(page, 'Close');
    await done(page, 'User invited.');
    const again = await app.mails.next(email);
    assert.notEqual(again.link, link);
    const password = newPassword();
    await visit(browser, app, FAILING, async (other) => {
      await other.goto(again.link);
      await choose(other, password);
      await other.locator('[data-view=done]:visible').waitFor();
    });
    assert.ok(await app.signsIn(email, password));
  });
});

test('an open invitation is stopped, and is not called a recovery', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const email = fresh();
    const { id } = await (await app.call('POST', '/v1/admin/users', { email, invite: { deliver: 'email' } })).json();
    const { link } = await app.mails.next(email);
    await openUser(page, app, { id, email });
    const open = page.locator('.facts div').filter({ hasText: 'Invitation or recovery open' });
    await open.getByText('Until').waitFor();
    assert.equal(await page.getByText('Recovery in progress').count(), 0);
    await press(page, 'Stop the invitation or recovery');
    await dialog(page).getByText('Any link or code sent to this user will stop working.').waitFor();
    assert.equal(await dialog(page).getByText('The password stays the same').count(), 0);
    await press(page, 'Stop the invitation or recovery');
    await done(page, 'Invitation or recovery stopped.');
    await open.getByText('No', { exact: true }).waitFor();
    await visit(browser, app, FAILING, async (other) => {
      await other.goto(link);
      await other.locator('[data-view=dead]:visible').waitFor();
    });
  });
});

test('an invitation’s link is shown once, when a user is created and afterwards', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/new-user');
    const email = fresh();
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Show it here, once').and(page.locator('[name=deliver]')).check();
    await press(page, 'Create user');
    await dialog(page).locator('.who').getByText(email).waitFor();
    const link = await dialog(page).locator('output').textContent();
    assert.match(link, /\/reset-password#token=[\w-]{43}/);
    await page.keyboard.press('Escape');
    assert.equal(await dialog(page).locator('output').textContent(), link);
    await press(page, 'Close');
    await done(page, 'User created.');
    assert.ok(!(await page.content()).includes(link));
    await press(page, 'Invite');
    await dialog(page).getByLabel('Show it here, once').check();
    await press(page, 'Invite');
    const again = await dialog(page).locator('output').textContent();
    assert.notEqual(again, link);
    await press(page, 'Close');
    await done(page, 'User invited.');
  });
});

test('a user is created with a generated password, which is mailed or read out, and is seen before it is set', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const form = async () => {
      await page.evaluate(() => location.assign('#/new-user'));
      await heading(page).getByText('New user').waitFor();
      const email = fresh();
      await page.getByLabel('Email address').fill(email);
      await page.getByLabel('Generate one').check();
      return email;
    };
    await signIn(page, app.key, '#/new-user');
    const mailed = await form();
    await press(page, 'Create user');
    await done(page, 'User created.');
    const { password } = await app.mails.next(mailed);
    assert.equal((await app.signIn(mailed, password)).password_change.reason, 'must-change');

    const shown = await form();
    await page.getByLabel('Send it to the user').and(page.locator('[name=send_email]')).uncheck();
    await page.getByLabel('Require a change at the next sign-in').uncheck();
    const drawn = await page.locator('main output').textContent();
    await press(page, 'Create user');
    const secret = await dialog(page).locator('output').textContent();
    assert.equal(secret, drawn);
    await press(page, 'Close');
    await done(page, 'User created.');
    assert.equal((await app.signIn(shown, secret)).password_change, null);
  });
});

for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
  test(`every dialog names the user and has the button that acts in sight, ${viewport.width} pixels wide`, async () => {
    await visit(browser, app, { ...FAILING, viewport }, async (page) => {
      const user = await app.createUser({ email: `a-rather-long-name-of-somebody-${randomBytes(4).toString('hex')}@department.university.example.test` });
      await openUser(page, app, user);
      const buttons = await page.locator('[data-action]').allTextContents();
      assert.ok(buttons.length >= 8, buttons.join());
      for (const button of buttons) {
        await press(page, button);
        await dialog(page).locator('.who').getByText(user.email).waitFor();
        const acts = dialog(page).locator('[type=submit]');
        const box = await acts.boundingBox();
        assert.ok(box.y >= 0 && box.y + box.height <= viewport.height, `${button}: ${JSON.stringify(box)}`);
        assert.ok(await acts.evaluate((one) => {
          const { left, top, width, height } = one.getBoundingClientRect();
          return one.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }), button);
        await press(page, 'Cancel');
      }
    });
  });
}
