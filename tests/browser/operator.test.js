// What an operator's variables change: colours and words at the top, and where the pages lead after a reset.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { launch, visit } from './browser.js';
import { UNKNOWN, allLive, ask, choose, enter, ready, titled } from './steps.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
// 120 by 32 pixels.
const LOGO = 'iVBORw0KGgoAAAANSUhEUgAAAHgAAAAgCAMAAADuZ0x6AAAABlBMVEV6H1zoyNxHAmWAAAAAOUlEQVR42mNggAJGNEAv8VGLRy0etZhy8dEgHrV41OLhYzG9HTJq8ajFoxZTz+LREmzU4lGLh7zFAKmFCgH3GqffAAAAAElFTkSuQmCC';
const PORTAL = 'https://portal.example.test/app';

let app;
let browser;
before(async () => {
  const variables = {
    cooldown_seconds: '1',
    logo_text: 'Harbour & Söhne',
    accent_color: '#7a1f5c',
    accent_color_dark: '#f0a0d0',
    sign_in_url: 'https://portal.example.test/sign-in',
    return_urls: `${PORTAL}, http://127.0.0.1:9`,
  };
  [app, browser] = await Promise.all([startApp(variables), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

test('every page has the operator’s colours and words, and can be read in them', async () => {
  const dark = { light: ['rgb(122, 31, 92)', 'rgb(255, 255, 255)'], dark: ['rgb(240, 160, 208)', 'rgb(0, 0, 0)'] };
  for (const path of ['/', '/forgot-password', `/reset-password${UNKNOWN}`, '/problems/invalid-otp', '/portal']) {
    await visit(browser, app, { expectFailures: true }, async (page, context) => {
      await context.addInitScript({ path: AXE });
      await allLive(page);
      await page.goto(path);
      if (!path.startsWith('/problems')) await ready(page);
      assert.equal(await page.locator('.brand').textContent(), 'Harbour & Söhne');
      assert.match(await page.title(), /Harbour$/);
      for (const [colorScheme, [accent, on]] of Object.entries(dark)) {
        await page.emulateMedia({ colorScheme });
        const button = page.locator('.button').first();
        if (await button.count() > 0 && path !== '/portal') {
          const style = await page.locator('.button:not(.quiet)').first().evaluate((one) => {
            const { backgroundColor, color } = getComputedStyle(one);
            return [backgroundColor, color];
          });
          assert.deepEqual(style, [accent, on], `${path} ${colorScheme}`);
        }
        const violations = await page.evaluate(async () => (await axe.run()).violations.map(({ id }) => id));
        assert.deepEqual(violations, [], `${path} ${colorScheme}`);
      }
    });
  }
});

test('the colours are a file that may be kept, and nobody else’s are served', async () => {
  const html = await (await fetch(`${app.origin}/forgot-password`)).text();
  const [path] = html.match(/\/assets\/brand\/[^"]+/);
  assert.equal(path, '/assets/brand/7a1f5c-f0a0d0.css');
  const answer = await fetch(app.origin + path);
  assert.equal(answer.headers.get('content-type'), 'text/css; charset=utf-8');
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal((await fetch(`${app.origin}/assets/brand/ff0000-ff0000.css`)).status, 404);
});

/** Resets a password by link or code from `/forgot-password` with this query, and returns where the last page leads. */
async function leads(query, by) {
  const user = await app.createUser();
  let where;
  await visit(browser, app, {}, async (page, context) => {
    await page.goto(`/forgot-password${query}`);
    await page.locator('#email').fill(user.email);
    await page.locator('[type=submit]').click();
    await page.waitForURL('**/verify-otp*');
    const { code, link } = await app.mails.next(user.email);
    let last = page;
    if (by === 'code') {
      await enter(page, code);
    } else {
      // As an email's link opens: in a tab of its own.
      last = await context.newPage();
      await last.goto(link);
    }
    await choose(last, newPassword());
    await titled(last, 'Your password has been changed');
    where = await last.locator('[data-view=done] a').evaluateAll((links) => links.map((one) => [one.textContent, one.getAttribute('href')]));
    assert.equal(await last.evaluate(() => document.cookie), '');
  });
  return where;
}

test('a page that was called with an allowed address leads back there, by code and by link', async () => {
  const back = `${PORTAL}/home?tab=2`;
  for (const by of ['code', 'link']) {
    assert.deepEqual(await leads(`?return_to=${encodeURIComponent(back)}`, by), [['Go back', back]], by);
  }
});

test('any other address is ignored, and the sign-in is there instead', async () => {
  const sign_in = [['Go to sign-in', 'https://portal.example.test/sign-in']];
  for (const address of [
    'https://portal.example.test/application', 'https://portal.example.test.evil.test/app', 'https://evil.test/app',
    'https://portal.example.test/app/../admin', 'https://portal.example.test@evil.test/app', '//evil.test', 'javascript:alert(1)',
  ]) {
    const html = await (await fetch(`${app.origin}/forgot-password?return_to=${encodeURIComponent(address)}`)).text();
    assert.doesNotMatch(html, /data-return|evil|javascript:/, address);
    const cookie = `keyback-return=${encodeURIComponent(address)}`;
    const reset = await (await fetch(`${app.origin}/reset-password`, { headers: { cookie } })).text();
    assert.doesNotMatch(reset, /password\.done\.return|evil|javascript:/, address);
    assert.match(reset, /href="https:\/\/portal\.example\.test\/sign-in"/);
  }
  assert.deepEqual(await leads('?return_to=https://evil.test/', 'code'), sign_in);
  assert.deepEqual(await leads('', 'link'), sign_in);
});

test('the first page hands the address on', async () => {
  await visit(browser, app, {}, async (page) => {
    await page.goto(`/?return_to=${encodeURIComponent(PORTAL)}`);
    await page.getByRole('link', { name: 'Reset your password' }).click();
    await titled(page, 'Forgot your password?');
    assert.equal(await page.locator('form').getAttribute('data-return'), PORTAL);
  });
});

test('what is used up for nothing is told apart from what can be tried again', async () => {
  const start = (page, path) => page.route(path, (route) => route.fulfill({
    status: 503,
    headers: { 'Content-Type': 'application/problem+json', 'Retry-After': '5' },
    body: JSON.stringify({ type: `${app.origin}/problems/start-again`, status: 503 }),
  }));
  const user = await app.createUser();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await start(page, '**/v1/reset-password');
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await choose(page, newPassword());
    await titled(page, 'Try your new password');
    await page.locator('[data-view=lost] .button').click();
    await titled(page, 'Forgot your password?');
    await start(page, '**/v1/verify-otp');
    await ask(page, user.email);
    await page.waitForURL('**/verify-otp');
    await enter(page, '123456');
    await page.locator('main .error:visible').getByText('Something went wrong, and this code may no longer work.').waitFor();
  });
});

test('every page leads back to the sign-in, or to where its reader came from', async () => {
  const SIGN_IN = 'https://portal.example.test/sign-in';
  const paths = ['/', '/forgot-password', '/verify-otp', '/reset-password', `/reset-password?again${UNKNOWN}`,
    '/cancel-recovery', `/cancel-recovery?again${UNKNOWN}`, '/nothing-here', '/problems/invalid-otp'];
  const way = (page) => page.locator('.way-back a:visible');
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await allLive(page);
    for (const path of paths) {
      await page.goto(path);
      if (!path.startsWith('/problems')) await ready(page);
      await way(page).waitFor();
      assert.equal(await way(page).getAttribute('href'), SIGN_IN, path);
      assert.equal(await way(page).textContent(), 'Back to sign-in');
    }
    const back = `${PORTAL}/home`;
    const query = `?return_to=${encodeURIComponent(back)}`;
    await page.goto(`/forgot-password${query}`);
    await page.locator('#email').fill('ann@example.test');
    await page.locator('[type=submit]').click();
    await page.waitForURL('**/verify-otp?*');
    // Also where a browser keeps no cookies.
    await page.context().clearCookies();
    await page.reload();
    await ready(page);
    assert.equal(await way(page).getAttribute('href'), back);
    await page.locator('[data-t="code.other-address"]').click();
    await page.waitForURL(`**/forgot-password${query}`);
    assert.equal(await way(page).getAttribute('href'), back);
  });
  await visit(browser, app, { javaScriptEnabled: false }, async (page) => {
    await page.goto('/forgot-password');
    await page.locator('#email').fill('ann@example.test');
    await page.locator('[type=submit]').click();
    await page.waitForURL('**/submit');
    assert.equal(await way(page).getAttribute('href'), SIGN_IN);
  });
});

test('the operator’s logo is shown by the app itself, in its proportions, and moves nothing as it comes', async () => {
  const branded = await startApp({ logo_image: LOGO, logo_text: 'Harbour & Söhne' });
  try {
    for (const path of ['/forgot-password', '/portal', '/problems/invalid-otp']) {
      await visit(browser, branded, {}, async (page, context) => {
        await context.addInitScript({ path: AXE });
        await context.addInitScript(() => {
          window.shifts = 0;
          new PerformanceObserver((list) => {
            window.shifts += list.getEntries().length;
          }).observe({ type: 'layout-shift', buffered: true });
        });
        await page.goto(path, { waitUntil: 'networkidle' });
        const image = page.locator('.brand img');
        assert.equal(await image.getAttribute('alt'), 'Harbour & Söhne');
        const { width, height, natural } = await image.evaluate((one) => ({ width: one.width, height: one.height, natural: one.naturalWidth }));
        assert.deepEqual([natural, Math.round((width / height) * 100)], [120, 375]);
        // The portal's scripts put its form there.
        if (path !== '/portal') assert.equal(await page.evaluate(() => window.shifts), 0, path);
        for (const colorScheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme });
          const violations = await page.evaluate(async () => (await axe.run()).violations.map(({ id }) => id));
          assert.deepEqual(violations, [], `${path} ${colorScheme}`);
        }
      });
    }
    const html = await (await fetch(`${branded.origin}/forgot-password`)).text();
    const [path] = html.match(/\/assets\/brand\/logo-[^"]+/);
    const answer = await fetch(branded.origin + path);
    assert.equal(answer.headers.get('content-type'), 'image/png');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString('base64'), LOGO);
  } finally {
    await branded.stop();
  }
});
