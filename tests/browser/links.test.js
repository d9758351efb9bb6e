// Links and codes as they reach people: damaged, late, or without the page that asked for them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newPassword, startApp } from './app.js';
import { launch, summary, visit } from './browser.js';
import { choose, enter, hold, ready, speak, submit, titled } from './steps.js';

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const done = (page) => titled(page, 'Your password has been changed');

/** What the address bar and the history of `page` show. */
async function addresses(page, context) {
  const devtools = await context.newCDPSession(page);
  const { entries } = await devtools.send('Page.getNavigationHistory');
  return [page.url(), ...entries.map(({ url }) => url)].filter((url) => url !== 'about:blank');
}

test('a link that a scanner has encoded works and leaves the address bar', async () => {
  for (const damage of [
    (link) => link.replace('#', '%23'),
    (link) => link.replace('#', '%2523'),
    (link) => `${link.replace('#', '%23')}%3E.`,
    (link) => `${link.replace('#', '%23')}?utm_source=newsletter`,
    (link) => link.replace('#token=', '%23'),
    (link) => link.replace('#', '?token='),
  ]) {
    const user = await app.createUser();
    const { link } = await app.recoveryMail(user.email);
    const password = newPassword();
    await visit(browser, app, { damagedLinks: true }, async (page, context) => {
      await page.goto(damage(link));
      await page.getByText(user.email).waitFor();
      const shown = await addresses(page, context);
      assert.ok(shown.every((url) => /^\/reset-password$/.test(new URL(url).pathname)), shown.join(' '));
      assert.ok(shown.every((url) => !/token|[\w-]{43}/.test(url)), shown.join(' '));
      await choose(page, password);
      await done(page);
    });
    assert.ok(await app.signsIn(user.email, password), damage(link));
  }
});

test('a link works with what people and mailers leave around it and in it', async () => {
  for (const damage of [
    (link) => `${link}.`,
    (link) => `${link}%3E`,
    (link) => `${link})`,
    (link) => `${link}&utm_medium=email`,
    (link) => `${link}Or`,
    (link) => link.replace('#token=', '#'),
    (link) => link.replace('#token=', '#token=3D'),
    (link) => link.replace('#', '/#'),
    (link) => link.replace(/.{20}$/, '%0D%0A$&'),
    (link) => link.replace(/.{20}$/, '%20$&'),
  ]) {
    const user = await app.createUser();
    const { link } = await app.recoveryMail(user.email);
    const password = newPassword();
    await visit(browser, app, {}, async (page) => {
      await page.goto(damage(link));
      await choose(page, password);
      await done(page);
    });
    assert.ok(await app.signsIn(user.email, password), damage(link));
  }
});

test('a damaged link that cancels works, too', async () => {
  const user = await app.createUser();
  const { link, cancel } = await app.recoveryMail(user.email);
  await visit(browser, app, { damagedLinks: true, expectFailures: true }, async (page) => {
    await page.goto(`${cancel.replace('#', '%23')}.`);
    await page.getByRole('button', { name: 'Cancel this request' }).click();
    await titled(page, 'Request cancelled');
    assert.equal(new URL(page.url()).pathname, '/cancel-recovery');
    await page.goto(link);
    await titled(page, 'no longer works');
  });
});

test('a link shows whose account it is and why, to people and to password managers', async () => {
  const user = await app.createUser();
  const { link } = await app.recoveryMail(user.email);
  await visit(browser, app, {}, async (page) => {
    await page.goto(link);
    await page.getByText(user.email).waitFor();
    await page.getByText('You or an administrator requested a new password for this Harbour account:').waitFor();
    assert.equal(await page.locator('[name=username]').inputValue(), user.email);
    await speak(page, 'de');
    await page.getByText('haben für dieses Konto bei Harbour ein neues Passwort angefordert:').waitFor();
    await page.getByText(user.email).waitFor();
  });
});

test('a sign-in that asks for another password says so on the page', async () => {
  const user = await app.createUser({ change_on_next_sign_in: true });
  const { password_change: change } = await app.signIn(user.email, user.password);
  const password = newPassword();
  await visit(browser, app, {}, async (page) => {
    await page.goto(`/reset-password#token=${change.token}`);
    await page.getByText('Before you continue, choose a new password for this Harbour account:').waitFor();
    await page.getByText(user.email).waitFor();
    await choose(page, password);
    await done(page);
  });
  assert.ok(await app.signsIn(user.email, password));
});

test('an invitation asks for the first password in words of its own', async () => {
  const email = `${Date.now()}@example.test`;
  const body = { email, invite: { deliver: 'return' } };
  const { invitation } = await (await app.call('POST', '/v1/admin/users', body)).json();
  const password = newPassword();
  await visit(browser, app, {}, async (page) => {
    await page.goto(invitation.link);
    await titled(page, 'Choose a password for your account');
    await page.getByText('An administrator created this Harbour account for you:').waitFor();
    await page.getByText(email).waitFor();
    await speak(page, 'de');
    await titled(page, 'Legen Sie ein Passwort für Ihr Konto fest');
    await speak(page, 'en');
    await page.getByRole('button', { name: 'Set password' }).waitFor();
    await choose(page, password);
    await titled(page, 'Your password has been set');
  });
  assert.ok(await app.signsIn(email, password));
});

test('a link whose check is not answered works all the same', async () => {
  const user = await app.createUser();
  const first = await app.recoveryMail(user.email);
  const password = newPassword();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.route('**/v1/reset-password/check', (route) => route.abort());
    await page.goto(first.link);
    await choose(page, password);
    await done(page);
  });
  assert.ok(await app.signsIn(user.email, password));
  const other = await app.createUser();
  const { link } = await app.recoveryMail(other.email);
  await visit(browser, app, { expectFailures: true }, async (page) => {
    // The check gets no answer in time: the form shows after a while.
    const release = await hold(page, '**/v1/reset-password/check');
    await page.goto(link);
    await choose(page, newPassword());
    await done(page);
    release();
    await ready(page);
    await done(page);
  });
});

test('the code of an administrator is typed with the address', async () => {
  const user = await app.createUser();
  const answer = await app.call('POST', `/v1/admin/users/${user.id}/recovery`, { deliver: 'return' });
  const { code } = await answer.json();
  const password = newPassword();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto('/verify-otp');
    await titled(page, 'Enter your code');
    assert.match(await page.title(), /^Enter your code/);
    await submit(page);
    await summary(page).getByText('Enter your email address.').waitFor();
    await page.getByLabel('Email address').fill('ann');
    await enter(page, code);
    await summary(page).getByText('Enter a full email address').waitFor();
    await page.getByLabel('Email address').fill(` ${user.email} `);
    await enter(page, code.replace(/\d/g, (digit) => 9 - digit));
    await summary(page).getByText('This code doesn’t work.').waitFor();
    await page.getByRole('textbox', { name: 'Code', exact: true }).fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await page.keyboard.press('Enter');
    await titled(page, 'Choose a new password');
    await page.getByText(user.email).waitFor();
    await choose(page, password);
    await done(page);
  });
  assert.ok(await app.signsIn(user.email, password));
});

test('wrong codes of one account are not counted for another', async () => {
  const [one, other] = [await app.createUser(), await app.createUser()];
  const answer = await app.call('POST', `/v1/admin/users/${other.id}/recovery`, { deliver: 'return' });
  const { code } = await answer.json();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto('/verify-otp');
    await titled(page, 'Enter your code');
    const refused = async (email, wrong) => {
      await page.getByLabel('Email address').fill(email);
      await enter(page, wrong);
      await summary(page).getByText('This code doesn’t work.').waitFor();
      await page.locator('[data-busy]').waitFor({ state: 'detached' });
    };
    for (let number = 0; number < 6; number += 1) await refused(one.email, `00000${number}`);
    // It is not said that the code is used up: a new email would cancel it.
    await refused(other.email, code.replace(/\d/g, (digit) => 9 - digit));
    await enter(page, code);
    await titled(page, 'Choose a new password');
  });
});

test('a right code starts the count of wrong codes anew', async () => {
  const user = await app.createUser();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto('/forgot-password');
    await page.locator('#email').fill(user.email);
    await submit(page);
    await titled(page, 'Check your email');
    const { code } = await app.mails.next(user.email);
    const refused = async (wrong) => {
      await enter(page, wrong);
      await summary(page).getByText('This code doesn’t work.').first().waitFor();
      await page.locator('[data-busy]').waitFor({ state: 'detached' });
    };
    for (let number = 0; number < 4; number += 1) await refused(code.replace(/\d/g, (digit) => (Number(digit) + number + 1) % 10));
    await enter(page, code);
    await titled(page, 'Choose a new password');
    await page.goto('/verify-otp');
    await titled(page, 'Check your email');
    const answer = await app.call('POST', `/v1/admin/users/${user.id}/recovery`, { deliver: 'return' });
    await refused((await answer.json()).code.replace(/\d/g, (digit) => 9 - digit));
  });
});

test('a code by mail from an administrator needs no page that was open before', async () => {
  const user = await app.createUser();
  await app.call('POST', `/v1/admin/users/${user.id}/recovery`, { deliver: 'email' });
  const { code, text } = await app.mails.next(user.email);
  const [page] = text.match(/\S+\/verify-otp/);
  await visit(browser, app, {}, async (tab) => {
    await tab.goto(page);
    await tab.getByLabel('Email address').fill(user.email);
    await enter(tab, code);
    await titled(tab, 'Choose a new password');
  });
});

test('the tab that asked takes the code that an administrator gives later', async () => {
  const user = await app.createUser();
  await visit(browser, app, {}, async (page) => {
    await page.goto('/forgot-password');
    await page.locator('#email').fill(user.email);
    await submit(page);
    await titled(page, 'Check your email');
    await app.mails.next(user.email);
    const answer = await app.call('POST', `/v1/admin/users/${user.id}/recovery`, { deliver: 'return' });
    await enter(page, (await answer.json()).code);
    await titled(page, 'Choose a new password');
  });
});

test('a mailed password signs in as it is copied from the mail', async () => {
  const user = await app.createUser();
  await app.call('POST', `/v1/admin/users/${user.id}/reset-password`, { generate: true, send_email: true });
  const { password, text } = await app.mails.next(user.email);
  // The whole line, with what comes before and after the password.
  const [line] = text.match(new RegExp(`.*${password}\n`));
  assert.notEqual(line, password);
  const answer = await app.signIn(user.email, line);
  assert.equal(answer.password_change.reason, 'must-change');
});
