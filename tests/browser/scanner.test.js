// Mail scanners open every link, and some of them run the scripts. That changes nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { launch, visit } from './browser.js';
import { choose, ready, titled } from './steps.js';

const TIMES = 20;

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

test('a mail whose links a scanner opened again and again still works for its owner', async () => {
  const user = await app.createUser();
  const { link, cancel } = await app.recoveryMail(user.email);
  const calls = new Set();
  await visit(browser, app, {}, async (page) => {
    page.on('request', (request) => {
      if (request.method() !== 'GET') calls.add(`${request.method()} ${new URL(request.url()).pathname}`);
    });
    for (let time = 0; time < TIMES; time += 1) {
      for (const address of [link, cancel]) {
        await page.goto(address);
        await ready(page);
        // The scripts ran: they took the token away.
        assert.equal(new URL(page.url()).hash, '');
      }
    }
    // And the pages that these lead to.
    for (const href of await page.locator('a[href^="/"]').evaluateAll((links) => links.map((one) => one.href))) {
      await page.goto(href);
    }
  });
  // That uses nothing up.
  assert.deepEqual([...calls], ['POST /v1/reset-password/check']);
  const password = newPassword();
  await visit(browser, app, {}, async (page) => {
    await page.goto(link);
    await choose(page, password);
    await titled(page, 'Your password has been changed');
  });
  assert.ok(await app.signsIn(user.email, password));
});
