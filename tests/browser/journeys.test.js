// The journeys of people who forgot a password, on the built app.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { launch, summary, visit } from './browser.js';
import { pass } from './limits.js';
import { UNKNOWN, allLive, asked, choose, enter, ready, speak, titled } from './steps.js';

// In seconds.
const COOLDOWN = 2;

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp({ cooldown_seconds: `${COOLDOWN}` }), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const done = (page) => titled(page, 'Your password has been changed');

test('the emailed link leads to a new password, on another device', async () => {
  const user = await app.createUser();
  await visit(browser, app, {}, async (page) => {
    await asked(page, user.email);
    assert.equal(new URL(page.url()).pathname, '/verify-otp');
    assert.equal(new URL(page.url()).search, '');
    await page.getByText(user.email).waitFor();
  });
  const { link } = await app.mails.next(user.email);
  const password = newPassword();
  await visit(browser, app, {}, async (page) => {
    await page.goto(link);
    await choose(page, password);
    await done(page);
  });
  assert.ok(await app.signsIn(user.email, password));
  assert.ok(!await app.signsIn(user.email, user.password));
});

test('an address in any case, with a domain of any script, brings a mail to the stored spelling', async () => {
  const local = `Ann.${newPassword().slice(7, 19)}`;
  const user = await app.createUser({ email: `${local}@b\u00fccher.example` });
  assert.equal(user.email, `${local}@xn--bcher-kva.example`);
  await visit(browser, app, {}, async (page) => {
    await asked(page, `${local.toLowerCase()}@B\u00dcCHER.example`);
    const { code } = await app.mails.next(user.email);
    await page.getByLabel('Code from the email').fill(code);
    await choose(page, newPassword());
    await done(page);
  });
});

test('the emailed code leads to a new password', async () => {
  const user = await app.createUser();
  const password = newPassword();
  await visit(browser, app, {}, async (page) => {
    await asked(page, user.email);
    const { code } = await app.mails.next(user.email);
    await page.getByLabel('Code from the email').fill(code);
    await titled(page, 'Choose a new password');
    assert.equal(await page.locator('[name=username]').inputValue(), user.email);
    await page.reload();
    await choose(page, password);
    await done(page);
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.equal(await page.locator('#password').inputValue(), '');
  });
  assert.ok(await app.signsIn(user.email, password));
});

test('a code is taken as it is pasted or typed', async () => {
  const inScript = (zero, code) => code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
  const shapes = [
    (code) => ` ${code.slice(0, 3)} ${code.slice(3)}\n`,
    (code) => code.replace(/(...)/, '$1-'),
    (code) => code.replace(/(...)/, '$1\u2013'),
    (code) => code.replace(/(...)/, '$1\u2212'),
    (code) => [...code].join('.'),
    (code) => [...code].join('\u200b'),
    // As mail programs put numbers between texts of another direction.
    (code) => `\u200e\u2066${code}\u2069\ufeff`,
    // As an input method for Japanese or Chinese types digits.
    (code) => inScript(0xff10, code),
    // Arabic, Persian, Devanagari, bold and in keycaps.
    (code) => `\u061c${inScript(0x0660, code)}`,
    (code) => inScript(0x06f0, code),
    (code) => inScript(0x0966, code),
    (code) => inScript(0x1d7ce, code),
    (code) => code.replace(/\d/g, '$&\ufe0f\u20e3'),
  ];
  for (const shape of shapes) {
    const user = await app.createUser();
    await visit(browser, app, {}, async (page) => {
      await asked(page, user.email);
      const { code } = await app.mails.next(user.email);
      await page.getByLabel('Code from the email').evaluate((field, text) => {
        field.focus();
        document.execCommand('insertText', false, text);
      }, shape(code));
      await titled(page, 'Choose a new password');
    });
  }
});

test('what cannot be a code costs no try', async () => {
  await visit(browser, app, {}, async (page) => {
    await asked(page, 'ann@example.test');
    page.on('request', (request) => assert.ok(!request.url().endsWith('/v1/verify-otp'), 'it was sent'));
    for (const [text, answer] of [
      ['12345', 'Enter the 6-digit code from the email.'],
      ['12345678901', 'Enter the 6-digit code from the email.'],
      ['12345o', 'Enter the 6-digit code from the email.'],
      ['Code: 123456', 'Enter the 6-digit code from the email.'],
      ['½23456', 'Enter the 6-digit code from the email.'],
      [' \u200b-. ', 'Enter the code from the email.'],
    ]) {
      await enter(page, text);
      await summary(page).getByText(answer).waitFor();
      await page.locator('#code-error').getByText(answer).waitFor();
      assert.equal(await page.getByLabel('Code from the email').inputValue(), text);
    }
  });
});

test('a wrong code is told what to do next, and the right one still works', async () => {
  const user = await app.createUser();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await asked(page, user.email);
    const { code } = await app.mails.next(user.email);
    const field = page.getByLabel('Code from the email');
    await page.getByRole('button', { name: 'Continue' }).click();
    await summary(page).getByText('Enter the code from the email.').waitFor();
    await field.fill(code.replace(/\d/g, (digit) => 9 - digit));
    await summary(page).getByText('This code doesn’t work.').waitFor();
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    assert.match(await page.title(), / · Check your email · Harbour$/);
    assert.ok(await field.evaluate((element) => element === document.activeElement));
    await field.fill(code);
    await titled(page, 'Choose a new password');
  });
});

test('another mail can be asked for after a while, and its code is the one that works', async () => {
  const user = await app.createUser();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    // The countdown must not end while a slow machine gets here.
    await page.clock.setFixedTime(new Date());
    await asked(page, user.email);
    const first = await app.mails.next(user.email);
    const resend = page.getByRole('button', { name: 'Send a new email' });
    assert.equal(await resend.getAttribute('aria-disabled'), 'true');
    await page.getByText(/^in \d seconds?$/).waitFor();
    await resend.click({ force: true });
    await pass(COOLDOWN);
    await page.clock.setFixedTime(new Date());
    await page.locator('[data-resend][aria-disabled=false]').waitFor();
    assert.equal(app.mails.count(user.email), 1);
    await resend.click();
    await page.locator('[data-no-mail]').getByText('A new email is on its way.').waitFor();
    const second = await app.mails.next(user.email);
    assert.notEqual(second.code, first.code);
    await page.locator('[data-resend][aria-disabled=true]').waitFor();
    const field = page.getByLabel('Code from the email');
    await field.fill(first.code);
    await summary(page).getByText('This code doesn’t work.').waitFor();
    await field.fill(second.code);
    await titled(page, 'Choose a new password');
  });
});

test('a used link and a replaced one lead to a new mail', async () => {
  const user = await app.createUser();
  const replaced = await app.recoveryMail(user.email);
  await pass(COOLDOWN);
  const used = await app.recoveryMail(user.email);
  await visit(browser, app, {}, async (page) => {
    await page.goto(used.link);
    await choose(page, newPassword());
    await done(page);
  });
  for (const { link } of [used, replaced]) {
    await visit(browser, app, { expectFailures: true }, async (page) => {
      await page.goto(link);
      // Shown when the link is opened, and not after a password was chosen.
      await titled(page, 'This link or code no longer works');
      assert.equal(await page.locator('#password:visible').count(), 0);
      await page.getByRole('link', { name: 'Request a new email' }).click();
      await titled(page, 'Forgot your password?');
    });
  }
});

test('why a password is refused is said at the field, and burns nothing', async () => {
  const user = await app.createUser();
  const { link } = await app.recoveryMail(user.email);
  // Of several reasons, the most helpful one.
  const reasons = [
    ['', 'Enter a new password.'],
    ['12345', 'This password is too short. Use at least 8 characters.'],
    ['password1234', 'This password is too common or too predictable.'],
    [user.email, 'This password is too similar to your email address.'],
    ['Harbour-99', 'This password is too similar to “Harbour”.'],
    ['x'.repeat(257), 'This password is too long. Use at most 256 characters.'],
    // Larger than any body may be.
    ['x'.repeat(20_000), 'This password is too long. Use at most 256 characters.'],
  ];
  const password = newPassword();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto(link);
    for (const [attempt, sentence] of reasons) {
      await choose(page, attempt);
      await page.locator('#password-error').getByText(sentence).waitFor();
      assert.deepEqual(await page.locator('#password-error span').allTextContents(), [sentence]);
      assert.ok(await page.locator('#password').evaluate((field) => field === document.activeElement));
    }
    await choose(page, password);
    await done(page);
  });
  assert.ok(await app.signsIn(user.email, password));
});

test('the password field helps managers and people', async () => {
  await visit(browser, app, {}, async (page) => {
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    const field = page.locator('#password');
    await page.locator('#password[passwordrules]').waitFor();
    assert.match(await field.getAttribute('passwordrules'), /^minlength: 16; maxlength: 256;$/);
    assert.equal(await field.getAttribute('autocomplete'), 'new-password');
    await field.evaluate((element) => {
      const data = new DataTransfer();
      data.setData('text', 'pasted');
      assert_not_prevented(element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, cancelable: true })));
      function assert_not_prevented(allowed) {
        if (!allowed) throw new Error('pasting is prevented');
      }
    });
    await field.fill('a horse with wings');
    await page.locator('[data-rule=length][data-met]').waitFor();
    await page.getByRole('button', { name: 'Show' }).click();
    assert.equal(await field.getAttribute('type'), 'text');
    await page.getByRole('status').getByText('Password shown.').waitFor();
    await page.getByRole('button', { name: 'Hide' }).click();
    assert.equal(await field.getAttribute('type'), 'password');
  });
});

test('a token leaves the address bar, the history and every address that is requested', async () => {
  const user = await app.createUser();
  const { link, cancel } = await app.recoveryMail(user.email);
  for (const address of [link, cancel]) {
    await visit(browser, app, {}, async (page, context) => {
      await page.goto(address);
      await ready(page);
      assert.equal(new URL(page.url()).hash, '');
      const devtools = await context.newCDPSession(page);
      const { entries } = await devtools.send('Page.getNavigationHistory');
      assert.ok(entries.every(({ url }) => !/[\w-]{43}/.test(url)), JSON.stringify(entries));
      const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
      assert.equal(stored, '[{},{},""]');
    });
  }
});

test('a link pasted into the tab of another one is used instead', async () => {
  const user = await app.createUser();
  const { link } = await app.recoveryMail(user.email);
  const password = newPassword();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto(`/reset-password${UNKNOWN}`);
    await titled(page, 'no longer works');
    await page.evaluate((address) => location.assign(address), link);
    await titled(page, 'Choose a new password');
    await choose(page, password);
    await done(page);
  });
  assert.ok(await app.signsIn(user.email, password));
});

test('who did not ask for a mail makes it useless with one click', async () => {
  const user = await app.createUser();
  const { link, cancel, code } = await app.recoveryMail(user.email);
  assert.ok(code);
  await visit(browser, app, {}, async (page) => {
    await page.goto(cancel);
    await page.getByRole('button', { name: 'Cancel this request' }).click();
    await titled(page, 'Request cancelled');
  });
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto(link);
    await titled(page, 'no longer works');
    await page.goto(`/cancel-recovery${UNKNOWN}`);
    await page.getByRole('button', { name: 'Cancel this request' }).click();
    await titled(page, 'Nothing left to cancel');
  });
  assert.ok(await app.signsIn(user.email, user.password));
});

test('a page that was reached without what it needs says where to get it', async () => {
  await visit(browser, app, {}, async (page) => {
    for (const [path, title] of [
      ['/verify-otp', 'Enter your code'],
      ['/reset-password', 'Open the link from the email'],
    ]) {
      await page.goto(path);
      await titled(page, title);
      await page.getByRole('link', { name: 'Request a new email' }).click();
      await titled(page, 'Forgot your password?');
    }
    await page.goto('/');
    await page.getByRole('link', { name: 'Reset your password' }).click();
    await titled(page, 'Forgot your password?');
  });
});

test('who did not ask and has lost the link is told that nothing need be done', async () => {
  const user = await app.createUser();
  const { cancel } = await app.recoveryMail(user.email);
  await visit(browser, app, {}, async (page) => {
    const told = async () => {
      await titled(page, 'Open the link in the email again');
      const text = await page.locator('main').innerText();
      assert.match(text, /Open it there to cancel the request/);
      assert.match(text, /you can ignore it\. Your password won’t change/);
      assert.equal(await page.locator('main a:visible, main button:visible').count(), 0);
    };
    await page.goto('/cancel-recovery?lost');
    await told();
    await page.goto(cancel);
    await titled(page, 'Didn’t request this?');
    await page.reload();
    await told();
    await page.evaluate((address) => location.assign(address), cancel);
    await page.getByRole('button', { name: 'Cancel this request' }).click();
    await titled(page, 'Request cancelled');
  });
});

test('a breach list is a rule where there is one', async () => {
  await visit(browser, app, { expectFailures: true }, async (page) => {
    const rule = page.locator('[data-rule=reuse]');
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.locator('#password[passwordrules]').waitFor();
    assert.equal(await rule.textContent(), 'Not used anywhere else');
    await page.route('**/v1/password-policy', async (route) => {
      const answer = await route.fetch();
      assert.equal((await answer.json()).breach_check, false);
      await route.fulfill({ response: answer, json: { ...await answer.json(), breach_check: true } });
    });
    await page.goto(`/reset-password?again${UNKNOWN}`);
    await rule.getByText('Not found in a data breach').waitFor();
    await speak(page, 'de');
    await rule.getByText('Aus keinem Datenleck bekannt').waitFor();
  });
});

test('the current password is told to be that', async () => {
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.route('**/v1/reset-password', (route) => route.fulfill({
      status: 422,
      headers: { 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({
        type: `${app.origin}/problems/password-rejected`,
        errors: [{ code: 'same-as-current', detail: 'is the current one', pointer: '/new_password' }],
      }),
    }));
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await choose(page, newPassword());
    await page.locator('#password-error').getByText('This is your current password. Choose a different one.').waitFor();
  });
});

test('the refusal that uses a link up offers a new email', async () => {
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.route('**/v1/reset-password', (route) => route.fulfill({
      status: 422,
      headers: { 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({
        type: `${app.origin}/problems/password-rejected`,
        detail: 'This was the 30th refused password.',
        errors: [{ code: 'too-weak', detail: 'is too easy to guess', pointer: '/new_password' }],
      }),
    }));
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await choose(page, newPassword());
    await titled(page, 'This link or code no longer works');
  });
});

test('an unknown address is answered like a known one', async () => {
  await visit(browser, app, {}, async (page) => {
    await asked(page, 'nobody@example.test');
    await page.getByText('nobody@example.test').waitFor();
  });
});

test('what is no address is refused at the field', async () => {
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto('/forgot-password');
    for (const [address, text] of [
      ['', 'Enter your email address.'],
      ['   ', 'Enter your email address.'],
      ['ann', 'Enter a full email address'],
      // Good for the browser, too long for mail.
      [`${'a'.repeat(65)}@example.test`, 'Enter a full email address'],
    ]) {
      await page.getByLabel('Email address').fill(address);
      await page.getByRole('button', { name: 'Send email' }).click();
      await summary(page).getByText(text).waitFor();
      await page.locator('#email-error').getByText(text).waitFor();
    }
  });
});

test('a browser that keeps nothing is led to the link', async () => {
  const user = await app.createUser();
  await visit(browser, app, {}, async (page, context) => {
    await context.addInitScript(() => {
      Object.defineProperty(window, 'sessionStorage', { get: () => { throw new DOMException('denied', 'SecurityError'); } });
    });
    await page.goto('/forgot-password');
    await page.getByLabel('Email address').fill(user.email);
    await page.getByRole('button', { name: 'Send email' }).click();
    await page.getByText('Open the link in it to choose a new password.').waitFor();
    const { link } = await app.mails.next(user.email);
    await page.goto(link);
    await choose(page, newPassword());
    await done(page);
  });
});
