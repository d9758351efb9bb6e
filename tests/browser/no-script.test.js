// The form of the forgot page in a browser that runs no scripts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { heading, launch, visit } from './browser.js';
import { choose, titled } from './steps.js';

const PLAIN = { javaScriptEnabled: false };

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

async function send(page, email) {
  await page.goto('/forgot-password');
  await page.locator('#email').fill(email);
  await page.locator('[type=submit]').click();
}

test('the form sends the mail, and the page says what comes next', async () => {
  const user = await app.createUser();
  let known;
  await visit(browser, app, PLAIN, async (page) => {
    await page.goto('/forgot-password');
    assert.equal(await page.locator('noscript p:visible').count(), 0);
    assert.equal(await page.locator('.late:visible').count(), 0);
    await send(page, user.email);
    assert.equal(await heading(page).textContent(), 'Check your email');
    assert.equal(new URL(page.url()).pathname, '/forgot-password/submit');
    assert.match(await page.locator('main').innerText(), /open the link on another device/);
    known = await page.content();
    const colour = await page.locator('body').evaluate((body) => getComputedStyle(body).fontFamily).catch(() => 'system-ui');
    assert.match(colour, /system-ui/);
    await page.getByRole('link', { name: 'Use a different address' }).click();
    assert.equal(await heading(page).textContent(), 'Forgot your password?');
  });
  const { link } = await app.mails.next(user.email);
  await visit(browser, app, {}, async (page) => {
    await page.goto(link);
    await choose(page, newPassword());
    await titled(page, 'Your password has been changed');
  });
  await visit(browser, app, PLAIN, async (page) => {
    await send(page, 'nobody@example.test');
    assert.equal(await page.content(), known);
  });
});

test('the page and the mail are in the language of the browser', async () => {
  const user = await app.createUser();
  await visit(browser, app, { ...PLAIN, locale: 'de' }, async (page) => {
    await send(page, user.email);
    assert.equal(await heading(page).textContent(), 'Prüfen Sie Ihr Postfach');
  });
  assert.match((await app.mails.next(user.email)).subject, /Passwort/);
});

test('what is no address is told, with the way back', async () => {
  await visit(browser, app, { ...PLAIN, expectFailures: true }, async (page) => {
    for (const address of ['', 'ann']) {
      await send(page, address);
      assert.match(await page.locator('main').innerText(), /Enter a full email address/);
      await page.getByRole('link', { name: 'Back to the form' }).click();
      assert.equal(await heading(page).textContent(), 'Forgot your password?');
    }
  });
});

test('a limit and an app that is not configured are told as well', async () => {
  const limited = await startApp({ limit_client_forgot: '1/86400' });
  try {
    await visit(browser, limited, { ...PLAIN, expectFailures: true }, async (page) => {
      await send(page, 'ann@example.test');
      await send(page, 'ann@example.test');
      assert.match(await page.locator('main').innerText(), /Try again in \d+ min\./);
    });
  } finally {
    await limited.stop();
  }
});

test('the form is taken from this site only, and as a form only', async () => {
  const post = (headers, body) => fetch(`${app.origin}/forgot-password/submit`, { method: 'POST', redirect: 'manual', headers, body });
  const body = new URLSearchParams({ email: 'ann@example.test' });
  const here = { 'Sec-Fetch-Site': 'same-origin' };
  for (const [status, answer] of [
    [202, await post(here, body)],
    [202, await post({ Origin: app.origin }, body)],
    [403, await post({ 'Sec-Fetch-Site': 'cross-site' }, body)],
    [403, await post({ Origin: 'https://evil.test' }, body)],
    [403, await post({}, body)],
    [415, await post({ ...here, 'Content-Type': 'application/json' }, '{"email":"ann@example.test"}')],
    [413, await post({ ...here, 'Content-Type': 'application/x-www-form-urlencoded' }, `email=${'a'.repeat(20_000)}`)],
    [422, await post(here, new URLSearchParams({ mail: 'ann@example.test' }))],
  ]) {
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.match(answer.headers.get('content-security-policy'), /form-action 'self'/);
    assert.match(await answer.text(), /href="\/forgot-password"/);
  }
  const got = await fetch(`${app.origin}/forgot-password/submit`, { redirect: 'manual' });
  assert.deepEqual([got.status, got.headers.get('location')], [302, '/forgot-password']);
  assert.equal((await fetch(`${app.origin}/forgot-password/submit`, { method: 'PUT', body })).status, 405);
});
