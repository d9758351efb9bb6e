// What a person sees and hears while filling the pages in: where the focus is, what is said at a field, and when it goes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { launch, summary, visit } from './browser.js';
import { until } from './limits.js';
import { stopClock } from './portal-steps.js';
import { UNKNOWN, allLive, asked, choose, hold, ready, speak, submit } from './steps.js';

const FAILING = { expectFailures: true };

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp({ otp_length: '8' }), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const focused = (page, id) => page.waitForFunction((wanted) => document.activeElement?.id === wanted, id);

test('the first field of each page has the focus', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await allLive(page);
    for (const [path, field] of [
      ['/forgot-password', 'email'], ['/verify-otp', 'email'], ['/verify-otp?email=ann%40example.test', 'code'],
      [`/reset-password${UNKNOWN}`, 'password'],
    ]) {
      await page.goto(path);
      await ready(page);
      await focused(page, field);
    }
    await asked(page, 'ann@example.test');
    await focused(page, 'code');
    await page.goto('/portal');
    await page.waitForFunction(() => document.activeElement?.name === 'key');
  });
});

test('what is wrong is said once, at its field, which has the focus, and goes once it is right', async () => {
  await visit(browser, app, {}, async (page) => {
    await page.goto('/forgot-password');
    await ready(page);
    const field = page.locator('#email');
    const title = await page.title();
    await page.locator('h1:visible').click();
    await submit(page);
    await page.locator('#email-error:visible').waitFor();
    await focused(page, 'email');
    assert.equal(await summary(page).count(), 1);
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.ok((await page.title()).endsWith(` · ${title}`) && await page.title() !== title);
    await field.fill('a');
    await summary(page).waitFor({ state: 'hidden' });
    assert.equal(await field.getAttribute('aria-invalid'), null);
    assert.equal(await page.title(), title);
    await field.press('Enter');
    const invalid = await summary(page).textContent();
    await field.pressSequentially('nn');
    assert.equal(await summary(page).textContent(), invalid, 'it is still no address');
    await field.pressSequentially('@example.test');
    await summary(page).waitFor({ state: 'hidden' });
  });
});

test('a code is as long as the server says, and goes by itself once it is complete', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await asked(page, user.email);
    await page.getByLabel('8-digit code from the email').waitFor();
    await speak(page, 'de');
    await page.getByLabel('8-stelliger Code').waitFor();
    await speak(page, 'en');
    await page.locator('html[lang=en]').waitFor();
    const { code } = await app.mails.next(user.email);
    assert.match(code, /^\d{8}$/);
    const calls = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/verify-otp')) calls.push(request.postDataJSON().code);
    });
    const field = page.locator('#code');
    const wrong = code.replace(/\d/g, (digit) => 9 - digit);
    await field.fill(wrong.slice(0, 6));
    await field.press('Enter');
    await summary(page).getByText('Enter the 8-digit code from the email.').waitFor();
    await field.fill(wrong);
    await summary(page).getByText('This code').first().waitFor();
    await page.locator('[data-busy]').waitFor({ state: 'detached' });
    await focused(page, 'code');
    // The same is not sent again unless somebody says so.
    await field.evaluate((input) => input.dispatchEvent(new InputEvent('input', { bubbles: true })));
    await field.pressSequentially(`${code.slice(0, 4)} - ${code.slice(4)}`);
    await page.waitForURL('**/reset-password');
    assert.deepEqual(calls, [wrong, code]);
  });
});

test('after five wrong codes a new email is what helps, also after a reload, and starts anew', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await asked(page, 'ann@example.test');
    const said = async (number, text) => {
      // It is sent by itself.
      await page.locator('#code').fill(`0000000${number}`);
      await summary(page).getByText(text).first().waitFor();
      await page.locator('[data-busy]').waitFor({ state: 'detached' });
      await page.locator('#code').fill('');
    };
    for (let number = 1; number < 5; number += 1) await said(number, 'This code doesn’t work.');
    await page.reload();
    await ready(page);
    await said(5, 'Too many wrong codes. Send a new email to get a new code.');
    await said(6, 'Too many wrong codes.');
    await page.evaluate(() => {
      const kept = JSON.parse(sessionStorage.getItem('keyback.recovery'));
      sessionStorage.setItem('keyback.recovery', JSON.stringify({ ...kept, resend_at: 0 }));
    });
    await page.locator('[data-resend][aria-disabled=false]').click();
    await page.locator('[data-t="code.resent"]').first().waitFor();
    await said(7, 'This code doesn’t work.');
  });
});

test('a wait is counted down, and its message goes when it is over', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.clock.install();
    await page.route('**/v1/forgot-password', (route) => route.fulfill({
      status: 429, headers: { 'Retry-After': '49', 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({ type: '/problems/rate-limited', status: 429 }),
    }));
    await page.goto('/forgot-password');
    await ready(page);
    await stopClock(page);
    await page.locator('#email').fill('ann@example.test');
    await submit(page);
    await summary(page).getByText('49 seconds').waitFor();
    const told = await page.locator('[data-status]').textContent();
    assert.match(told, /49 seconds/);
    await page.clock.runFor('00:04');
    await summary(page).getByText('45 seconds').waitFor();
    assert.equal(await page.locator('[data-status]').textContent(), told, 'it is said once');
    await page.clock.runFor('00:46');
    await summary(page).waitFor({ state: 'hidden' });
  });
});

test('rules are ticked as they are met, by the server’s own estimate, which is asked for at pauses', async () => {
  const user = await app.createUser();
  const { link } = await app.recoveryMail(user.email);
  await visit(browser, app, FAILING, async (page) => {
    await page.goto(link);
    await focused(page, 'password');
    const calls = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/v1/password-policy/check')) calls.push(request.postDataJSON());
    });
    const met = (rule) => page.locator(`[data-rule=${rule}][data-met]`);
    const field = page.locator('#password');
    const box = () => page.locator('button[type=submit]').boundingBox();
    const before = await box();
    await field.pressSequentially('seven');
    await page.getByText('asy to guess').first().waitFor();
    assert.equal(await met('guess').count() + await met('length').count(), 0);
    await met('name').waitFor();
    assert.deepEqual(await box(), before, 'nothing moves');
    await field.pressSequentially(' herons walk at dawn');
    for (const rule of ['length', 'guess', 'name']) await met(rule).waitFor();
    await page.getByText('Very hard to guess').waitFor();
    assert.ok(calls.length < 10, `${calls.length} calls`);
    assert.deepEqual(calls.at(-1), { password: 'seven herons walk at dawn', email: user.email });
    await field.fill(user.email);
    await page.locator('[data-rule=name]:not([data-met])').waitFor();
    await field.fill('');
    await page.locator('[data-estimate]:empty').waitFor({ state: 'attached' });
    assert.equal(await page.locator('[data-rule][data-met]').count(), 0);
  });
});

test('one reason to refuse a password is said at a time, and goes as soon as it no longer holds', async () => {
  const user = await app.createUser();
  const { link } = await app.recoveryMail(user.email);
  await visit(browser, app, FAILING, async (page) => {
    await page.goto(link);
    const reasons = page.locator('#password-error span');
    await choose(page, '12345');
    const told = async (text) => until(async () => (await reasons.allTextContents()).join('|') === text, text);
    await told('This password is too short. Use at least 8 characters.');
    await focused(page, 'password');
    const field = page.locator('#password');
    await field.fill('123456789');
    await page.locator('[data-rule=length][data-met]').waitFor();
    // It is long enough, but easy to guess.
    await told('This password is too common or too predictable.');
    await field.fill('seven herons walk at dawn');
    await summary(page).waitFor({ state: 'hidden' });
    await page.locator('[data-rule=guess][data-met]').waitFor();
    await submit(page);
    await page.locator('[data-view=done]:visible').waitFor();
  });
});

test('a server that wants to rest is not asked, and keeps nobody from setting a password', async () => {
  const user = await app.createUser();
  const { link } = await app.recoveryMail(user.email);
  await visit(browser, app, FAILING, async (page) => {
    let calls = 0;
    await page.route('**/v1/password-policy/check', (route) => {
      calls += 1;
      return route.fulfill({ status: 429, headers: { 'Retry-After': '60' }, body: '' });
    });
    await page.goto(link);
    await focused(page, 'password');
    const asked = page.waitForResponse('**/v1/password-policy/check');
    await page.locator('#password').fill('seven herons');
    await asked;
    await page.locator('#password').fill(newPassword());
    await submit(page);
    await page.locator('[data-view=done]:visible').waitFor();
    assert.equal(calls, 1);
  });
});

test('an estimate that comes late says nothing of what is typed by then', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await focused(page, 'password');
    const release = await hold(page, '**/v1/password-policy/check');
    const asked = page.waitForRequest('**/v1/password-policy/check');
    await page.locator('#password').fill('seven herons walk at dawn');
    await asked;
    await page.locator('#password').fill('');
    release();
    await page.unroute('**/v1/password-policy/check');
    await page.locator('#password').fill('12345678');
    await page.getByText('Very easy to guess').waitFor();
    assert.equal(await page.locator('[data-rule=guess][data-met]').count(), 0);
  });
});

test('an address in the query is in the field, and in no address bar', async () => {
  await visit(browser, app, {}, async (page) => {
    for (const path of ['/forgot-password', '/verify-otp']) {
      await page.goto(`${path}?email=ann%40example.test&source=portal`);
      await ready(page);
      assert.equal(await page.locator('#email').inputValue(), 'ann@example.test', path);
      assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, `${path}?source=portal`);
    }
    await page.goto('/?email=ann.lee%2Btest%40example.test');
    await page.locator('main .button').click();
    await page.waitForURL('**/forgot-password');
    await ready(page);
    assert.equal(await page.locator('#email').inputValue(), 'ann.lee+test@example.test');
    await page.goto('/forgot-password?email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E');
    await ready(page);
    assert.equal(await page.locator('#email').inputValue(), '"><script>alert(1)</script>');
    assert.equal(new URL(page.url()).search, '');
    await page.goto(`/forgot-password?email=${'a.'.repeat(150)}`);
    assert.equal(await page.locator('#email').inputValue(), '');
  });
  await visit(browser, app, { javaScriptEnabled: false }, async (page) => {
    await page.goto('/forgot-password?email=ann%40example.test');
    assert.equal(await page.locator('#email').inputValue(), 'ann@example.test');
  });
});

test('whoever wants another address can correct the one that was typed', async () => {
  await visit(browser, app, {}, async (page) => {
    await asked(page, 'anne@example.test');
    await page.locator('[data-t="code.other-address"]').click();
    await page.waitForURL('**/forgot-password');
    await ready(page);
    await focused(page, 'email');
    assert.equal(await page.locator('#email').inputValue(), 'anne@example.test');
    await page.keyboard.type('bob@example.test');
    await submit(page);
    await page.waitForURL('**/verify-otp');
    await page.getByText('bob@example.test').waitFor();
  });
});
