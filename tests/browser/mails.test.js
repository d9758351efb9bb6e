// Emails as their readers see them.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startApp, workspace } from './app.js';
import { launch } from './browser.js';

const PHONE = { width: 390, height: 844 };
const LOCALES = readdirSync(join(workspace, 'crates/keyback/texts/mail')).map((name) => name.replace(/\.json$/, ''));

describe('a recovery mail', { concurrency: true }, () => {
  let app, browser;

  before(async () => {
    [app, browser] = await Promise.all([startApp(), launch()]);
  });

  after(async () => {
    await browser.close();
    await app.stop();
  });

  async function open(locale, act, options = {}) {
    const { email } = await app.createUser();
    await app.call('POST', '/v1/forgot-password', { email, locale });
    const mail = await app.mails.next(email);
    const context = await browser.newContext({ viewport: PHONE, javaScriptEnabled: false, ...options });
    try {
      const page = await context.newPage();
      await page.setContent(mail.html);
      await act(page, mail);
    } finally {
      await context.close();
    }
  }

  for (const locale of LOCALES) {
    test(`has its code and its button on the first screen of a phone, in ${locale}`, async () => {
      await open(locale, async (page, { code, link }) => {
        const box = await page.getByText(code, { exact: true }).boundingBox();
        assert.ok(box.y + box.height < PHONE.height / 2, `the code ends at ${box.y + box.height}`);
        const button = await page.locator(`a[href="${link}"]`).first().boundingBox();
        assert.ok(button.y + button.height < PHONE.height, `the button ends at ${button.y + button.height}`);
        const width = await page.locator('html').evaluate((html) => html.scrollWidth);
        assert.equal(width, PHONE.width);
      });
    });
  }

  test('has a code that is larger than all else', async () => {
    await open('en', async (page, { code }) => {
      const sizes = await page.locator('td, p, h1, a').evaluateAll((all, code) => all.map((one) => (
        [one.textContent.trim() === code, parseFloat(getComputedStyle(one).fontSize)])), code);
      const size = (isCode) => Math.max(...sizes.filter(([is]) => is === isCode).map(([, pixels]) => pixels));
      assert.ok(size(true) > size(false), `${size(true)} and ${size(false)} pixels`);
    });
  });

  test('runs from right to left in Arabic, without what is outside its body, and its code and links do not', async () => {
    await open('ar', async (page, { html, code }) => {
      // As a client that keeps the content of `body` only.
      await page.setContent(`<!doctype html><body>${html.match(/<body[^>]*>([^]*)<\/body>/)[1]}`);
      const directions = await page.locator('h1, td.secret, a[href*="#token="]').evaluateAll((all) => (
        all.map((one) => [one.tagName, getComputedStyle(one).direction])));
      assert.ok(directions.some(([tag, direction]) => tag === 'H1' && direction === 'rtl'));
      assert.ok(directions.some(([tag, direction]) => tag === 'TD' && direction === 'ltr'));
      assert.equal(directions.at(-1)[1], 'ltr', 'the link as text');
      assert.match(await page.locator('td.secret').textContent(), new RegExp(code));
    });
  });

  test('has the colours for dark readers in Outlook.com, too', async () => {
    const card = (page) => page.locator('.card').evaluate((one) => getComputedStyle(one).backgroundColor);
    let dark;
    await open('en', async (page) => { dark = await card(page); }, { colorScheme: 'dark' });
    await open('en', async (page, { html }) => {
      assert.notEqual(await card(page), dark);
      await page.setContent(html.replace('<body ', '<body data-ogsb="#ffffff" data-ogsc="#000000" '));
      assert.equal(await card(page), dark);
    }, { colorScheme: 'light' });
  });
});
