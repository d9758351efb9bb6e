// When the app refuses, is unwell or cannot be reached, or the browser runs no scripts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { heading, launch, summary, visit } from './browser.js';
import { UNKNOWN, ask, asked, choose, enter, hold, submit, titled } from './steps.js';

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

async function running(variables, act) {
  const app = await startApp(variables);
  try {
    await act(app);
  } finally {
    await app.stop();
  }
}

const ADDRESS = 'ann@example.test';

test('a limit says how long to wait', async () => {
  const limits = { limit_client_forgot: '1/86400', limit_client_verify: '1/86400', limit_client_reset: '1/86400' };
  await running(limits, async (app) => {
    await visit(browser, app, { expectFailures: true }, async (page) => {
      const wait = summary(page).getByText(/^Too many attempts\. Try again in \d+ (second|minute|hour)s?\.$/);
      await asked(page, ADDRESS);
      for (const [code, text] of [['123456', 'This code doesn’t work.'], ['234567', 'Too many attempts.']]) {
        await enter(page, code);
        await summary(page).getByText(text).waitFor();
      }
      await wait.waitFor();
      await ask(page, ADDRESS);
      await wait.waitFor();
      assert.equal(await page.getByLabel('Email address').inputValue(), ADDRESS);
      await page.goto(`/reset-password${UNKNOWN}`);
      await titled(page, 'no longer works');
      // The limit of checks is reached, but everybody still gets the form.
      await page.goto(`/reset-password?again${UNKNOWN}`);
      await choose(page, newPassword());
      await titled(page, 'no longer works');
      await page.goto(`/reset-password?and-again${UNKNOWN}`);
      await choose(page, newPassword());
      await wait.waitFor();
    });
  });
});

test('an app that is not configured says to try again, and tells no more', async () => {
  await running({ email_provider: 'pigeon' }, async (app) => {
    await visit(browser, app, { expectFailures: true }, async (page) => {
      await ask(page, ADDRESS);
      await summary(page).getByText('This isn’t available right now.').waitFor();
      assert.equal(await page.getByLabel('Email address').inputValue(), ADDRESS);
      assert.doesNotMatch(await page.content(), /email_provider|pigeon/);
    });
  });
});

test('without a network it says so, and goes on when there is one again', async () => {
  await running({}, async (app) => {
    await visit(browser, app, { expectFailures: true }, async (page, context) => {
      await page.goto('/forgot-password', { waitUntil: 'networkidle' });
      await context.setOffline(true);
      await page.getByLabel('Email address').fill(ADDRESS);
      await page.keyboard.press('Enter');
      await summary(page).getByText('We can’t reach the server. Check your connection and try again.').waitFor();
      await context.setOffline(false);
      await submit(page);
      await titled(page, 'Check your email');
    });
  });
});

test('what a proxy answers is understood, too', async () => {
  await running({}, async (app) => {
    for (const [status, headers, text] of [
      [502, {}, 'We can’t reach the server.'],
      [429, { 'Retry-After': '90' }, 'Try again in 2 minutes'],
      [403, {}, 'Something went wrong.'],
    ]) {
      await visit(browser, app, { expectFailures: true }, async (page) => {
        await page.route('**/v1/forgot-password', (route) => route.fulfill({ status, headers, body: '<html>' }));
        await ask(page, ADDRESS);
        await summary(page).getByText(text).waitFor();
      });
    }
  });
});

test('one press is one request', async () => {
  await running({}, async (app) => {
    await visit(browser, app, {}, async (page) => {
      let calls = 0;
      const release = await hold(page, '**/v1/forgot-password');
      page.on('request', (request) => {
        if (request.url().endsWith('/v1/forgot-password')) calls += 1;
      });
      await ask(page, ADDRESS);
      for (let press = 0; press < 5; press += 1) await page.keyboard.press('Enter');
      release();
      await titled(page, 'Check your email');
      assert.equal(calls, 1);
    });
  });
});

test('without scripts the pages say what they need', async () => {
  await running({}, async (app) => {
    await visit(browser, app, { javaScriptEnabled: false, locale: 'de' }, async (page) => {
      // Does not wait for scripts.
      const headed = (title) => heading(page).getByText(title).waitFor();
      for (const path of ['/verify-otp', `/reset-password${UNKNOWN}`, `/cancel-recovery${UNKNOWN}`]) {
        await page.goto(path);
        // Playwright's own search for text leaves <noscript> out.
        const notice = page.locator('noscript .notice:visible');
        assert.match(await notice.textContent(), /^Diese Seite benötigt JavaScript\./);
        assert.equal(await page.locator('form:visible').count(), 0);
        assert.equal(await page.locator('.late:visible').count(), 0);
        // The heading and the notice below it are all that shows.
        assert.equal(await page.locator('main h1:visible').count(), 1);
        assert.ok(await notice.evaluate((one) => one.previousElementSibling.localName === 'h1'));
        assert.equal(await page.locator('[data-view]:visible').count(), 0);
      }
      await page.goto('/verify-otp');
      // Nothing shows that only a script would make true.
      assert.equal(await page.locator('[data-view]:visible').count(), 0);
      assert.equal(await page.locator('main h1:visible').textContent(), 'Code aus der E-Mail');
      await page.locator('noscript a[href="/forgot-password"]').click();
      await headed('Passwort vergessen?');
      await page.goto('/problems/invalid-otp');
      await headed('Der Code ist nicht gültig');
      await page.locator('[data-language=fr]').click();
      await headed('Le code n’est pas valable');
    });
  });
});

test('what a page lacks is known before its scripts come, and the page says so if they never do', async () => {
  await running({}, async (app) => {
    await visit(browser, app, { expectFailures: true, damagedLinks: true }, async (page) => {
      await page.route(/(?<!\/arrival)\.js$/, (route) => route.abort());
      for (const [path, title] of [
        ['/verify-otp', 'Enter your code'],
        ['/reset-password', 'Open the link from the email'],
        ['/reset-password?1#token=cut-off', 'Open the link from the email'],
        ['/reset-password?2#token=', 'Open the link from the email'],
        [`/reset-password?return_to=${'a'.repeat(50)}`, 'Open the link from the email'],
        ['/cancel-recovery', 'Open the link in the email again'],
        [`/reset-password${UNKNOWN}`, 'Choose a new password'],
        [`/reset-password?again#token=${'a'.repeat(64)}`, 'Choose a new password'],
        [`/cancel-recovery?again${UNKNOWN}`, 'Didn’t request this?'],
      ]) {
        await page.goto(path);
        assert.deepEqual(await page.locator('h1:visible').allTextContents(), [title], path);
      }
      await page.goto('/verify-otp');
      await page.waitForFunction(() => getComputedStyle(document.querySelector('.late')).visibility === 'visible');
    });
  });
});

test('scripts that do not come are missed after a while, and nothing is sent without them', async () => {
  await running({}, async (app) => {
    await visit(browser, app, { expectFailures: true }, async (page) => {
      await page.route('**/*.js', (route) => route.abort());
      await page.goto(`/reset-password${UNKNOWN}`);
      const url = page.url();
      await page.locator('#password').fill('secret');
      await page.keyboard.press('Enter');
      const late = page.getByText('This page didn’t load completely.');
      await page.waitForFunction(() => getComputedStyle(document.querySelector('.late')).visibility === 'visible');
      await late.waitFor();
      assert.equal(page.url(), url);
    });
  });
});
