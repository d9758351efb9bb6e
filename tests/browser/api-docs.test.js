// The page about the API, and the document under it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { launch, visit } from './browser.js';

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

test('the contents lead to each call of the document, and its example names this app', async () => {
  const document = await (await fetch(`${app.origin}/v1/openapi.json`)).json();
  assert.match(document.openapi, /^3\.1\./u);
  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods)).map((call) => call.operationId);
  await visit(browser, app, {}, async (page) => {
    await page.goto('/docs');
    const linked = await page.locator('.contents a').evaluateAll((links) => links.map((link) => link.hash.slice(1)));
    assert.deepEqual(linked.filter((id) => id !== 'schemas').sort(), ids.sort());
    await page.locator('.contents summary', { hasText: 'Recovery' }).click();
    await page.locator('.contents a[href="#verifyOtp"]').click();
    const call = page.locator('#verifyOtp');
    assert.ok(await call.evaluate((element) => element.matches(':target')));
    assert.match(await call.innerText(), /challenge_id/u);
    assert.match(await call.locator('pre').innerText(), new RegExp(`^curl -i "${app.origin}/v1/verify-otp"`, 'u'));
    await call.locator('a[href="/problems/invalid-otp"]').click();
    await page.locator('h1', { hasText: 'The code is not valid' }).waitFor();
  });
});

for (const width of [390, 1280]) {
  test(`nothing is wider than a window of ${width} pixels`, async () => {
    await visit(browser, app, { viewport: { width, height: 800 } }, async (page) => {
      await page.goto('/docs');
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
      const beside = await page.evaluate(() => {
        const [contents, text] = ['.contents', '.text'].map((it) => document.querySelector(it).getBoundingClientRect());
        return contents.right <= text.left;
      });
      assert.equal(beside, width > 1000);
    });
  });
}

test('the page has the headers of all pages, and loads nothing inline', async () => {
  const [docs, start] = await Promise.all(['/docs', '/forgot-password'].map((path) => fetch(app.origin + path)));
  for (const name of ['cache-control', 'content-security-policy', 'permissions-policy', 'referrer-policy', 'x-content-type-options']) {
    assert.equal(docs.headers.get(name), start.headers.get(name), name);
  }
  assert.doesNotMatch(await docs.text(), /<script|<style|\sstyle=|\son[a-z]+=/iu);
});

test('a client that has the document gets no other copy', async () => {
  const address = `${app.origin}/v1/openapi.json`;
  const { headers } = await fetch(address);
  assert.equal(headers.get('cache-control'), 'public, max-age=300');
  const again = await fetch(address, { headers: { 'If-None-Match': headers.get('etag') } });
  assert.equal(again.status, 304);
});

test('the operator can switch both off', async () => {
  const off = await startApp({ api_docs: 'off' });
  try {
    for (const path of ['/docs', '/v1/openapi.json']) {
      const answer = await fetch(off.origin + path);
      assert.equal(answer.status, 404, path);
      assert.equal((await answer.json()).type, `${off.origin}/problems/not-found`);
    }
  } finally {
    await off.stop();
  }
});
