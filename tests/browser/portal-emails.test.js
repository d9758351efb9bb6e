// What happens to emails, in the portal.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { drawn, heading, launch, quiet, visit } from './browser.js';
import { until } from './limits.js';
import { dialog, openUser, press, settled, signIn } from './portal-steps.js';
import { titled } from './steps.js';

const FAILING = { expectFailures: true };

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

/** The user of an email that the provider refused for good. */
async function failed() {
  app.mails.answerWith(422);
  const user = await app.createUser();
  await app.call('POST', `/v1/admin/users/${user.id}/recovery`, { deliver: 'email' });
  const email = await until(async () => {
    const { emails } = await (await app.call('GET', '/v1/admin/emails?state=failed')).json();
    return emails.find(({ user_id: id }) => id === user.id);
  }, 'the failure of the email');
  return { user, email };
}

test('an email that failed is told of with why, and is sent again on demand', async () => {
  const { user, email } = await failed();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await page.getByRole('link', { name: 'Emails' }).click();
    await titled(page, 'Emails');
    await page.getByLabel('Status').selectOption('failed');
    await page.waitForURL(/#\/emails\?state=failed$/);
    const row = page.locator('.rows > li').filter({ hasText: user.email });
    await row.locator('.mark').getByText('Failed').waitFor();
    await row.getByText(`After 1 attempt: ${email.last_error}`).waitFor();
    await row.getByRole('link', { name: 'Recovery' }).click();
    await titled(page, 'Email');
    await page.getByText('won’t be retried automatically.').waitFor();
    await page.getByText(email.last_error).waitFor();
    app.mails.answerWith(200);
    await press(page, 'Send again');
    await dialog(page).getByText(user.email).waitFor();
    await press(page, 'Send again');
    await page.locator('.notice.done').getByText('Sending again.').waitFor();
    assert.ok((await app.mails.next(user.email)).link);
    await press(page, 'Reload');
    await page.locator('.mark').getByText('Sent').waitFor();
    assert.equal(await page.getByText(email.last_error).count(), 0, 'the old error is forgotten');
    assert.equal(await page.getByRole('button', { name: 'Send again' }).count(), 0);
    await page.getByRole('link', { name: user.email }).click();
    await heading(page).getByText(user.email).waitFor();
    await page.locator('.rows').getByText('Email couldn’t be sent').waitFor();
    await page.locator('.rows').getByRole('link', { name: 'Recovery' }).first().click();
    await titled(page, 'Email');
  });
});

test('the filter keeps the focus, so that the keyboard reaches every state', async () => {
  await visit(browser, app, FAILING, async (page) => {
    let answerLate;
    const late = new Promise((resolve) => { answerLate = resolve; });
    await page.route('**/v1/admin/emails?*', async (route) => {
      const state = new URL(route.request().url()).searchParams.get('state');
      // The answers arrive in another order than the requests.
      if (state === 'pending') await late;
      const emails = state === 'pending' ? [] : [{
        id: `of-${state}`, user_id: 'ann', kind: 'recovery', state: state ?? 'sent', attempts: 1,
        created_at: '2026-08-01T09:00:00Z', updated_at: '2026-08-01T09:00:00Z', last_error: null,
      }];
      await route.fulfill({ json: { emails, next_cursor: null } });
    });
    await signIn(page, app.key, '#/emails');
    await page.locator('.rows').waitFor();
    const entries = await page.evaluate(() => history.length);
    await page.getByLabel('Status').focus();
    for (const state of ['pending', 'sent', 'delivered']) {
      await page.keyboard.press('ArrowDown');
      assert.equal(await page.getByLabel('Status').inputValue(), state);
      assert.ok(await page.getByLabel('Status').evaluate((filter) => filter === document.activeElement));
      assert.equal(new URL(page.url()).hash, `#/emails?state=${state}`);
    }
    await page.locator('.rows .mark').getByText('Delivered').waitFor();
    await page.locator('[data-status]').getByText('Emails shown: 1').waitFor({ state: 'attached' });
    answerLate();
    await quiet(page);
    assert.equal(await page.locator('.rows a[href="#/emails/of-delivered"]').count(), 1);
    assert.ok(await page.getByLabel('Status').evaluate((filter) => filter === document.activeElement));
    assert.equal(await page.evaluate(() => history.length), entries);
    // A step back from an email leads to the state that was chosen.
    await page.getByRole('link', { name: 'Recovery' }).click();
    await page.goBack();
    await page.locator('.rows .mark').getByText('Delivered').waitFor();
    assert.equal(await page.getByLabel('Status').inputValue(), 'delivered');
  });
});

test('an email is for an address, where the key may know it', async () => {
  const users = await Promise.all(Array.from({ length: 6 }, () => app.createUser()));
  const ids = [...users.map(({ id }) => id), users[0].id, 'nobody'];
  const emails = ids.map((id, index) => ({
    id: `e${index}`, user_id: id, kind: 'recovery', state: 'sent', attempts: 1,
    created_at: '2026-08-01T09:00:00Z', updated_at: '2026-08-01T09:00:00Z', last_error: null,
  }));
  const list = (page) => page.route('**/v1/admin/emails?*', (route) => route.fulfill({ json: { emails, next_cursor: null } }));
  const names = (page) => page.locator('.rows .about a').allTextContents();
  await visit(browser, app, FAILING, async (page) => {
    await list(page);
    let calls = 0;
    let most = 0;
    await page.route(/\/v1\/admin\/users\/[^/?]+$/, async (route) => {
      if (route.request().method() !== 'GET') return route.continue();
      calls += 1;
      most = Math.max(most, calls);
      // Concurrent calls wait for each other. A fifth would come before the page renders again.
      await until(() => most >= 4, 'four calls at once');
      await drawn(page);
      await route.continue();
      calls -= 1;
    });
    await signIn(page, app.key, '#/emails');
    const last = page.locator('.rows .about a').getByText(users[5].email);
    await last.waitFor();
    assert.deepEqual(await names(page), [...users.map(({ email }) => email), users[0].email, 'nobody']);
    assert.equal(most, 4);
    // Known data is not requested again.
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.getByRole('link', { name: 'Users' }).click();
    await titled(page, 'Users');
    await page.getByRole('link', { name: 'Emails' }).click();
    await last.waitFor();
    await quiet(page);
    assert.deepEqual(asked.filter((url) => /\/v1\/admin\/users\/[^/]+$/.test(url)), [`${app.origin}/v1/admin/users/nobody`]);
  });
  await visit(browser, app, FAILING, async (page) => {
    await list(page);
    await signIn(page, app.keys.events, '#/emails');
    await page.locator('.rows').waitFor();
    await quiet(page);
    assert.deepEqual(await names(page), ids);
  });
});

test('an email that somebody else had sent again says that there is nothing to do', async () => {
  const { user, email } = await failed();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, `#/emails/${email.id}`);
    await page.getByRole('button', { name: 'Send again' }).waitFor();
    app.mails.answerWith(200);
    await app.call('POST', `/v1/admin/emails/${email.id}/retry`);
    await app.mails.next(user.email);
    await press(page, 'Send again');
    await press(page, 'Send again');
    await page.getByText('This email doesn’t need to be sent again.').first().waitFor();
  });
});

test('who may not send again is told so, and who may see no emails sees none', async () => {
  const { email } = await failed();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.events, `#/emails/${email.id}`);
    await page.locator('[data-lacks=emails]').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Send again' }).count(), 0);
  });
  app.mails.answerWith(200);
});

test('a password that was mailed leads to its email', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser();
    await openUser(page, app, user);
    await press(page, 'Change password');
    await press(page, 'Change password');
    await dialog(page).getByRole('link', { name: 'View email' }).click();
    await titled(page, 'Email');
    await settled(page);
    await page.getByText('Temporary password').waitFor();
  });
});

test('a list of emails goes on, also over pages that are empty', async () => {
  const user = await app.createUser();
  for (let mail = 0; mail < 30; mail += 1) {
    await app.call('POST', `/v1/admin/users/${user.id}/reset-password`, { generate: true, send_email: true });
  }
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/emails');
    const rows = page.locator('.rows > li');
    await rows.first().waitFor();
    assert.equal(await rows.count(), 25);
    await press(page, 'Show more');
    await page.waitForFunction(() => document.querySelectorAll('.rows > li').length > 25);
    let calls = 0;
    await page.route('**/v1/admin/emails?*', (route) => {
      calls += 1;
      const body = calls < 4 ? { emails: [], next_cursor: `${9 - calls}` } : { emails: [], next_cursor: null };
      return route.fulfill({ json: body });
    });
    await page.getByLabel('Status').selectOption('bounced');
    await page.locator('.none').getByText('No emails with this status.').waitFor();
    assert.equal(calls, 4);
  });
});
