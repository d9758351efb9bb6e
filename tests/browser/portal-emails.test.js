// What becomes of emails, in the portal.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { heading, launch, visit } from './browser.js';
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

/** An email that the provider refused for good: the user whom it is for. */
async function failed() {
  app.mails.answerWith(422);
  const user = await app.createUser();
  await app.call('POST', `/v1/admin/users/${user.id}/recovery`, { deliver: 'email' });
  for (let looks = 0; looks < 100; looks += 1) {
    const { emails } = await (await app.call('GET', '/v1/admin/emails?state=failed')).json();
    const [email] = emails.filter(({ user_id: id }) => id === user.id);
    if (email) return { user, email };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the email did not fail');
}

test('an email that failed is told of with why, and is sent again on demand', async () => {
  const { user, email } = await failed();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await page.getByRole('link', { name: 'Emails' }).click();
    await titled(page, 'Emails');
    await page.getByLabel('State').selectOption('failed');
    await page.waitForURL(/#\/emails\?state=failed$/);
    const row = page.locator('.rows > li').filter({ hasText: user.id });
    await row.locator('.mark').getByText('Failed').waitFor();
    await row.getByText(email.last_error).waitFor();
    await row.getByRole('link', { name: 'Recovery' }).click();
    await titled(page, 'Email');
    await page.getByText('It was given up').waitFor();
    await page.getByText(email.last_error).waitFor();
    app.mails.answerWith(200);
    await press(page, 'Send again');
    await page.locator('.notice.done').getByText('It is tried again.').waitFor();
    assert.ok((await app.mails.next(user.email)).link);
    await press(page, 'Reload');
    await page.locator('.mark').getByText('Sent').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Send again' }).count(), 0);
    await page.getByRole('link', { name: user.id }).click();
    await heading(page).getByText(user.email).waitFor();
    await page.locator('.rows').getByText('Email could not be sent').waitFor();
    await page.locator('.rows').getByRole('link', { name: 'Recovery' }).first().click();
    await titled(page, 'Email');
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
    await page.getByText('There is nothing to try again.').first().waitFor();
  });
});

test('who may not send again is told so, and who may see no emails sees none', async () => {
  const { email } = await failed();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.events, `#/emails/${email.id}`);
    await page.locator('[data-lacks=courier]').waitFor();
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
    await dialog(page).getByRole('link', { name: 'See the email' }).click();
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
    await page.getByLabel('State').selectOption('bounced');
    await page.getByText('No emails in this state.').waitFor();
    assert.equal(calls, 4);
  });
});
