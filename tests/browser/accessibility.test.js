// Every page in every state, for people who see little, use no mouse, or hold a small phone.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { heading, launch, visit } from './browser.js';
import { states } from './states.js';
import { ready, titled } from './steps.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp({ cooldown_seconds: '1' }), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

for (const [name, open] of Object.entries(states)) {
  test(`nothing bars anyone from the state ${name}`, async () => {
    await visit(browser, app, { expectFailures: true }, async (page, context) => {
      await context.addInitScript({ path: AXE });
      await open(page, app);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        const violations = await page.evaluate(async () => {
          const results = await axe.run({ rules: { 'target-size': { enabled: true } } });
          return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
        });
        assert.deepEqual(violations, [], colorScheme);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      for (const direction of ['ltr', 'rtl']) {
        await page.evaluate((dir) => { document.documentElement.dir = dir; }, direction);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 320, `${width} pixels wide on a phone of 320, ${direction}`);
      }
    });
  });
}

/** Goes on with the tabulator until `selector` has the focus, which must be visible. */
async function tabTo(page, selector) {
  for (let tabs = 0; tabs < 25; tabs += 1) {
    await page.keyboard.press('Tab');
    const [reached, outline] = await page.evaluate((wanted) => {
      const focused = document.activeElement;
      return [focused.matches(wanted), getComputedStyle(focused).outlineStyle];
    }, selector);
    if (reached) return assert.notEqual(outline, 'none', `the focus on ${selector} does not show`);
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

test('the journey needs no mouse', async () => {
  const user = await app.createUser();
  const password = newPassword();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto('/');
    await tabTo(page, 'a[href="/forgot-password"]');
    await page.keyboard.press('Enter');
    await titled(page, 'Forgot your password?');
    await tabTo(page, '#email');
    await page.keyboard.press('Enter');
    await page.locator('[data-summary]').waitFor();
    await tabTo(page, '[data-summary] a');
    await page.keyboard.press('Enter');
    await page.keyboard.type(user.email);
    await tabTo(page, '[type=submit]');
    await page.keyboard.press('Space');
    await titled(page, 'Check your email');
    const { code } = await app.mails.next(user.email);
    await tabTo(page, '#code');
    await page.keyboard.type(code);
    await tabTo(page, '[data-resend]');
    await tabTo(page, 'a[href="/forgot-password"]');
    await tabTo(page, '[data-language=de]');
    await page.keyboard.press('Space');
    await titled(page, 'Sehen Sie in Ihr Postfach');
    await page.locator('#code').press('Enter');
    await titled(page, 'Wählen Sie ein neues Passwort');
    await tabTo(page, '#password');
    await page.keyboard.type(password);
    await tabTo(page, '[data-reveal]');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#password').getAttribute('type'), 'text');
    await tabTo(page, '[type=submit]');
    await page.keyboard.press('Enter');
    await titled(page, 'Ihr Passwort ist geändert');
    assert.ok(await heading(page).evaluate((element) => element === document.activeElement));
  });
  assert.ok(await app.signsIn(user.email, password));
});

test('an administrator’s reset needs no mouse', async () => {
  const user = await app.createUser();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    const focused = (selector) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);
    await page.goto('/portal');
    await ready(page);
    await tabTo(page, '[name=key]');
    await page.keyboard.type(app.key);
    await page.keyboard.press('Enter');
    await titled(page, 'Users');
    await focused('h1');
    await tabTo(page, '[name=email]');
    await page.keyboard.type(user.email);
    await page.keyboard.press('Enter');
    await titled(page, user.email);
    await page.locator('[data-action=password]').waitFor();
    await tabTo(page, '[data-action=password]');
    await page.keyboard.press('Enter');
    await focused('dialog h2');
    await tabTo(page, '[name=return_password]');
    await page.keyboard.press('Space');
    // Nothing behind the dialog is reached.
    for (let tabs = 0; tabs < 20; tabs += 1) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null));
    }
    await tabTo(page, 'dialog [type=submit]');
    await page.keyboard.press('Enter');
    await page.locator('dialog output').waitFor();
    await focused('dialog h2');
    const password = await page.locator('dialog output').textContent();
    await tabTo(page, 'dialog .buttons button');
    await page.keyboard.press('Enter');
    await page.locator('.notice.done').waitFor();
    await focused('[data-action=password]');
    assert.ok(await app.signsIn(user.email, password));
    await tabTo(page, '[data-action=address]');
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor();
    await page.keyboard.press('Escape');
    await focused('[data-action=address]');
  });
});

test('no page moves while it loads, however slowly', async () => {
  const slowly = { width: 390, height: 844 };
  await visit(browser, app, { viewport: slowly }, async (page, context) => {
    await context.addInitScript(() => {
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          window.shifts.push(...entry.sources.map((source) => source.node?.outerHTML ?? 'a node that is gone'));
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    for (const url of [/\.js$/, /\.json$/, /password-policy$/]) {
      await page.route(url, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await route.continue().catch(() => {});
      });
    }
    await states.code(page);
    for (const path of ['/verify-otp', '/', '/forgot-password', '/reset-password#token=a', '/cancel-recovery#token=a']) {
      await page.goto(path);
      await ready(page);
      // The answers on the way are in by then.
      await page.waitForTimeout(400);
      assert.deepEqual(await page.evaluate(() => window.shifts), [], path);
    }
  });
});
