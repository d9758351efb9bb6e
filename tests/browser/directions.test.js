// How the pages are set: from right to left, and by the rules of a language.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startApp, workspace } from './app.js';
import { launch, visit } from './browser.js';
import { openUser } from './portal-steps.js';
import { UNKNOWN, allLive, asked, ready } from './steps.js';

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

test('no style names a side of the screen, so that a right-to-left language turns all of it round', () => {
  const folder = join(workspace, 'components/pages/static');
  for (const name of ['style.css', 'portal/portal.css']) {
    const css = readFileSync(join(folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    const sided = /(?:^|[\s;{])(?:left|right|float|clear|(?:margin|padding|border|inset)-(?:left|right)[a-z-]*|text-align:\s*(?:left|right))\s*:?/m;
    assert.doesNotMatch(css, sided, name);
    // Four values with another one at the right than at the left.
    for (const [, values] of css.matchAll(/(?:margin|padding|border-width|inset):\s*([^;]+);/g)) {
      const parts = values.trim().split(/\s+(?![^(]*\))/);
      assert.ok(parts.length < 4 || parts[1] === parts[3] || values === '0 0.25rem 0.25rem 0' || values === '0 0.15rem 0.15rem 0', `${name}: ${values}`);
    }
  }
});

/** Whether the boxes of `selectors` lie as a mirror shows them, `[left, right]` each, in both directions. */
async function mirrored(page, selectors) {
  const boxes = () => page.evaluate((wanted) => wanted.map((selector) => {
    const { left, right } = document.querySelector(selector).getBoundingClientRect();
    return [Math.round(left), Math.round(right)];
  }), selectors);
  const width = await page.evaluate(() => document.documentElement.clientWidth);
  const before = await boxes();
  await page.evaluate(() => { document.documentElement.dir = 'rtl'; });
  const flipped = (await boxes()).map(([left, right]) => [width - right, width - left]);
  for (const [index, selector] of selectors.entries()) {
    for (const side of [0, 1]) {
      assert.ok(Math.abs(flipped[index][side] - before[index][side]) <= 1, `${selector}: ${flipped[index]} is not ${before[index]}`);
    }
  }
  await page.evaluate(() => { document.documentElement.dir = 'ltr'; });
}

test('from right to left, every part of a page stands where a mirror would show it', async () => {
  for (const viewport of [{ width: 390, height: 844 }, { width: 1280, height: 800 }]) {
    await visit(browser, app, { ...FAILING, viewport }, async (page) => {
      await asked(page, 'ann@example.test');
      await mirrored(page, ['#code', '[type=submit]', '[data-resend]', '[data-languages]', '.languages label']);
      await allLive(page);
      await page.goto(`/reset-password${UNKNOWN}`);
      await page.locator('#password[passwordrules]').waitFor();
      await mirrored(page, ['#password', '[data-reveal]', '.rules', '.strength span:first-child', '.strength span:last-child']);
      const user = await app.createUser();
      await openUser(page, app, user);
      await page.locator('.rows time').first().waitFor();
      await mirrored(page, ['.tabs a', '[data-lock]', '.back a', '[data-action=password]', '.facts dt', '.rows h3', '.rows time']);
    });
  }
});

test('an address within a sentence of another direction keeps its order', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.route(/\/lang\/de\.json$/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), direction: 'rtl' } });
    });
    const user = await app.createUser();
    await openUser(page, app, user);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.locator('[data-languages]').evaluate((select) => {
      select.value = 'de';
      select.dispatchEvent(new Event('change'));
    });
    await page.locator('html[dir=rtl]').waitFor();
    const label = page.locator('dialog label').filter({ hasText: user.email });
    assert.ok((await label.textContent()).includes(`\u2068${user.email}\u2069`));
  });
});

test('a Japanese heading does not break within a word', async () => {
  await visit(browser, app, { ...FAILING, locale: 'ja', viewport: { width: 320, height: 640 } }, async (page) => {
    await allLive(page);
    for (const path of ['/', '/forgot-password', `/reset-password${UNKNOWN}`, `/cancel-recovery${UNKNOWN}`, '/portal']) {
      await page.goto(path);
      await ready(page);
      const broken = await page.locator('h1:visible').evaluate((heading) => getComputedStyle(heading).wordBreak);
      assert.equal(broken, 'auto-phrase', path);
    }
    await page.goto('/forgot-password');
    await ready(page);
    await page.locator('[data-languages]').selectOption('en');
    await page.locator('html[lang=en]').waitFor();
    assert.equal(await page.locator('h1:visible').evaluate((heading) => getComputedStyle(heading).wordBreak), 'normal');
  });
});
