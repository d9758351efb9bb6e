// Every page in every state, for people who see little, use no mouse, or hold a small phone.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { heading, launch, quiet, visit } from './browser.js';
import { states } from './states.js';
import { UNKNOWN, asked, ready, titled } from './steps.js';

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

/** Presses Tab until `selector` has the focus, which must be visible. */
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
    await page.keyboard.press('Enter');
    await page.locator('#email-error:visible').waitFor();
    await page.keyboard.type(user.email);
    await tabTo(page, '[type=submit]');
    await page.keyboard.press('Space');
    await titled(page, 'Check your email');
    const { code } = await app.mails.next(user.email);
    await tabTo(page, '[data-resend]');
    await tabTo(page, 'a[href="/forgot-password"]');
    await tabTo(page, '[data-languages]');
    await page.keyboard.type('Deutsch');
    await page.locator('html[lang=de]').waitFor();
    await tabTo(page, '#code');
    await page.keyboard.type(code);
    await page.waitForURL('**/reset-password');
    await page.waitForFunction(() => document.activeElement?.id === 'password');
    await page.keyboard.type(password);
    await tabTo(page, '[data-reveal]');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#password').getAttribute('type'), 'text');
    await tabTo(page, '[type=submit]');
    await page.keyboard.press('Enter');
    await titled(page, 'Ihr Passwort wurde geändert');
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
    await focused('[name=key]');
    await page.keyboard.type(app.key);
    await page.keyboard.press('Enter');
    await titled(page, 'Users');
    await focused('h1');
    await page.keyboard.press('/');
    await page.keyboard.type(user.email);
    await page.keyboard.press('Enter');
    await titled(page, user.email);
    await page.locator('[data-action=password]').waitFor();
    await tabTo(page, '[data-action=password]');
    await page.keyboard.press('Enter');
    await focused('dialog h2');
    await tabTo(page, '[name=send_email]');
    await page.keyboard.press('Space');
    // Nothing behind the dialog is reached.
    for (let tabs = 0; tabs < 20; tabs += 1) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null));
    }
    await tabTo(page, 'dialog [type=submit]');
    await page.keyboard.press('Enter');
    await page.locator('dialog .warning').waitFor();
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

for (const width of [320, 390, 1280]) {
  test(`no page moves while it loads, however slowly, ${width} pixels wide`, () => loadsWithoutMoving(width));
}

async function loadsWithoutMoving(width) {
  await visit(browser, app, { viewport: { width, height: 844 } }, async (page, context) => {
    await context.addInitScript(() => {
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          window.shifts.push(...entry.sources.map((source) => source.node?.outerHTML ?? 'a node that is gone'));
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    for (const url of [/\.js$/, /\.json$/]) {
      await page.route(url, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 150));
        await route.continue().catch(() => {});
      });
    }
    await page.route(/password-policy$/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), breach_check: true } });
    });
    const still = async (name) => {
      await quiet(page);
      assert.deepEqual(await page.evaluate(() => window.shifts), [], name);
    };
    await page.route(/check$/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.fulfill({ json: { email: 'ann@example.test', expires_in: 1200, reason: 'recovery' } });
    });
    const forms = ['/', '/forgot-password', `/reset-password${UNKNOWN}`, `/cancel-recovery${UNKNOWN}`];
    for (const path of [...forms, '/verify-otp', '/reset-password', '/cancel-recovery', '/problems/invalid-otp']) {
      await page.goto(path);
      if (!path.startsWith('/problems')) await ready(page);
      await still(path);
    }
    await page.getByRole('link', { name: 'Deutsch' }).click();
    await titled(page, 'Der Code ist nicht gültig');
    await still('another language');
    await page.context().clearCookies();
    // A multi-line address, on a page that appears and on one that is there already.
    await states['code-resent'](page);
    await still('code-resent');
    await page.reload();
    await ready(page);
    await still('code again');
    // A text that is shorter than the one before, and appears when nobody has just pressed anything.
    await page.context().addCookies([{ name: 'keyback-language', value: 'fr', url: app.origin }]);
    await asked(page, 'ann@example.test');
    await page.route(/v1\/forgot-password$/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await route.continue();
    });
    await page.locator('[data-resend][aria-disabled=false]').click();
    await page.locator('[data-no-mail][data-t="code.resent"]').waitFor();
    await still('code-resent in French');
  });
}

test('a right-to-left language has everything at the right, an address too', async () => {
  await visit(browser, app, { viewport: { width: 390, height: 844 } }, async (page) => {
    await states.code(page);
    await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
    const edges = (selector) => page.locator(selector).evaluate((element) => {
      const { left, right } = element.getBoundingClientRect();
      return [left, right].map(Math.round);
    });
    const [, right] = await edges('[data-view=form]');
    const [left, end] = await edges('[data-email]');
    assert.equal(end, right);
    assert.ok(left > 100, `the address begins at ${left}`);
    assert.equal(await page.locator('[data-email]').evaluate((element) => getComputedStyle(element).direction), 'ltr');
  });
});
