// Things that have expired. The app's clock cannot be set, so the tests wait for all of them at the same time.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { launch, summary, visit } from './browser.js';
import { pass } from './limits.js';
import { asked, choose, enter, titled } from './steps.js';

// In seconds: the shortest link lifetime that the app accepts, and long enough to enter a code on a slow machine.
const LIFETIME = 60;

let app;
let browser;
before(async () => {
  const lifetimes = {
    allow_short_lifetimes: 'true',
    otp_ttl_seconds: `${LIFETIME}`,
    link_ttl_seconds: `${LIFETIME}`,
    reset_token_ttl_seconds: `${LIFETIME}`,
  };
  [app, browser] = await Promise.all([startApp(lifetimes), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

async function mailed(page, email) {
  await asked(page, email);
  return app.mails.next(email);
}

async function refused(page) {
  await titled(page, 'This link or code no longer works');
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.getByRole('link', { name: 'Request a new email' }).click();
  await titled(page, 'Forgot your password?');
}

test('what has expired leads to a new mail', { concurrency: true }, async (t) => {
  await Promise.all([
    t.test('a code', async () => {
      const user = await app.createUser();
      await visit(browser, app, { expectFailures: true }, async (page) => {
        const { code } = await mailed(page, user.email);
        await pass(LIFETIME);
        await enter(page, code);
        await summary(page).getByText('This code doesn’t work.').waitFor();
      });
    }),
    t.test('a link', async () => {
      const user = await app.createUser();
      const { link } = await app.recoveryMail(user.email);
      await pass(LIFETIME);
      await visit(browser, app, { expectFailures: true }, async (page) => {
        await page.goto(link);
        await refused(page);
      });
      assert.ok(await app.signsIn(user.email, user.password));
    }),
    t.test('a page that was left open after the code', async () => {
      const user = await app.createUser();
      await visit(browser, app, { expectFailures: true }, async (page) => {
        const { code } = await mailed(page, user.email);
        await enter(page, code);
        await titled(page, 'Choose a new password');
        await pass(LIFETIME);
        await choose(page, newPassword());
        await refused(page);
      });
    }),
  ]);
});
