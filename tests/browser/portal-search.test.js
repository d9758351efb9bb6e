// Finding users in the portal: while typing, by state, in pages, and back to where one was.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { launch, quiet, visit } from './browser.js';
import { press, settled, signIn } from './portal-steps.js';
import { hold, titled } from './steps.js';

const FAILING = { expectFailures: true };
const COUNT = 120;

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
  const lines = Array.from({ length: COUNT }, (_, index) => JSON.stringify({ id: `u${index}`, email: `u${index}@example.test` }));
  await fetch(`${app.origin}/v1/admin/users/import`, {
    method: 'POST', headers: { 'Content-Type': 'application/x-ndjson', Authorization: `Bearer ${app.key}` }, body: lines.join('\n'),
  });
  await app.call('PATCH', '/v1/admin/users/u5', { disabled: true });
  await app.call('POST', '/v1/admin/users/u7/reset-password', { generate: true, return_password: true });
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const field = (page) => page.getByLabel('Search');
const links = (page) => page.locator('.rows a');
const first = (page, user) => links(page).first().getByText(`${user}@example.test`).waitFor();
const told = (page, text) => page.locator('[data-count]').getByText(text, { exact: true }).waitFor();
const isFocused = (one) => one.evaluate((element) => element === document.activeElement);

test('users are listed newest first, or oldest first, in pages both ways', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await first(page, `u${COUNT - 1}`);
    assert.equal(await links(page).count(), 50);
    await told(page, `50 of ${COUNT} users`);
    assert.equal(await page.getByRole('button', { name: 'Previous page' }).count(), 0);
    await press(page, 'Next page');
    await first(page, 'u69');
    await press(page, 'Next page');
    await first(page, 'u19');
    assert.equal(await page.getByRole('button', { name: 'Next page' }).count(), 0);
    await press(page, 'Previous page');
    await first(page, 'u69');
    assert.ok(await isFocused(page.locator('[data-count]')));
    await page.getByLabel('Sort by').selectOption('Oldest first');
    await first(page, 'u0');
    assert.equal(new URL(page.url()).hash, '#/users?order=oldest');
    assert.equal(await page.getByRole('button', { name: 'Previous page' }).count(), 0);
  });
});

test('a user is found as one types, by the beginning of the address, the domain or the id', async () => {
  const id = `found-${randomBytes(4).toString('hex')}`;
  const local = randomBytes(4).toString('hex');
  const domain = `${randomBytes(4).toString('hex')}.example.test`;
  await app.createUser({ id, email: `${local}@${domain}` });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await settled(page);
    for (const text of [local.slice(0, 6), `${local}@`, domain.slice(0, 7), id.slice(0, 11)]) {
      await field(page).fill('');
      await links(page).nth(1).waitFor();
      await field(page).pressSequentially(text);
      await page.waitForFunction(() => document.querySelectorAll('.rows a').length === 1);
      assert.equal(await links(page).textContent(), `${local}@${domain}`, text);
    }
    await page.locator('.rows').getByText(id).waitFor();
    // Whoever types it in another case sees it as well.
    await field(page).fill(id.toUpperCase());
    await page.waitForFunction(() => history.state?.q.startsWith('FOUND'));
    await settled(page);
    await page.locator('.rows').getByText(id).waitFor();
    await page.locator('[data-status]').getByText(/1 (of|user)/).waitFor({ state: 'attached' });
    assert.ok(await isFocused(field(page)));
    await field(page).fill('nobody-has-this');
    await page.locator('.none').getByText('No users match.').waitFor();
    // Enter does not wait, and leads to the only result.
    await field(page).fill(`${local}@${domain}`);
    await page.keyboard.press('Enter');
    await titled(page, `${local}@${domain}`);
  });
});

test('a slash leads to the search, except where it is typed', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await settled(page);
    await page.keyboard.press('/');
    assert.ok(await isFocused(field(page)));
    await page.keyboard.type('u1/');
    assert.equal(await field(page).inputValue(), 'u1/');
    await page.evaluate(() => location.assign('#/new-user'));
    await titled(page, 'New user');
    await page.getByText('More options').click();
    await page.getByLabel('ID', { exact: true }).fill('');
    await page.keyboard.type('a/b');
    assert.equal(await page.getByLabel('ID', { exact: true }).inputValue(), 'a/b');
    // From anywhere else as well.
    await page.evaluate(() => location.assign('#/events'));
    await titled(page, 'Events');
    await page.keyboard.press('/');
    await titled(page, 'Users');
    await page.waitForFunction(() => document.activeElement?.name === 'q');
  });
});

test('users are narrowed to a state', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    for (const [state, name] of [['Disabled', 'u5'], ['Must change password', 'u7']]) {
      await page.getByLabel('Status').selectOption(state);
      await page.waitForFunction(() => document.querySelectorAll('.rows a').length === 1);
      await first(page, name);
    }
    assert.equal(new URL(page.url()).hash, '#/users?state=must_change');
    await page.getByLabel('Status').selectOption('Locked');
    await page.locator('.none').getByText('No users match.').waitFor();
    await page.getByLabel('Status').selectOption('No password');
    await links(page).nth(1).waitFor();
    await field(page).fill('u11');
    await page.waitForFunction(() => document.querySelectorAll('.rows a').length === 11);
  });
});

test('the list keeps its search, state and page after a step back and a reload, and no address is in an address', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const urls = [];
    page.on('framenavigated', (frame) => urls.push(frame.url()));
    await signIn(page, app.key, '#/users?order=oldest');
    await field(page).fill('u');
    await told(page, `50 of ${COUNT} users`);
    await press(page, 'Next page');
    await first(page, 'u50');
    await links(page).first().click();
    await titled(page, 'u50@example.test');
    await page.goBack();
    await first(page, 'u50');
    assert.equal(await field(page).inputValue(), 'u');
    await page.reload();
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await first(page, 'u50');
    assert.equal(await field(page).inputValue(), 'u');
    assert.equal(await page.getByLabel('Sort by').inputValue(), 'oldest');
    // Each page is a step of its own.
    await page.goBack();
    await first(page, 'u0');
    await field(page).fill('u77@example.test');
    await page.waitForFunction(() => document.querySelectorAll('.rows a').length === 1);
    await page.getByLabel('Status').selectOption('No password');
    await settled(page);
    assert.ok(urls.every((url) => !url.includes('@') && !url.includes('u77')), urls.join());
    assert.ok(!page.url().includes('u77'));
  });
});

test('nothing flashes while one types, and what comes late is not shown', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await links(page).first().waitFor();
    const release = await hold(page, /\/v1\/admin\/users\?.*q=u1(&|$)/);
    await field(page).pressSequentially('u1');
    await page.locator('[aria-busy=true]').waitFor();
    assert.equal(await links(page).count(), 50, 'the list went away');
    assert.equal(await page.locator('.loading').count(), 0);
    await field(page).pressSequentially('15');
    await page.waitForFunction(() => document.querySelectorAll('.rows a').length === 1);
    release();
    await quiet(page);
    await first(page, 'u115');
    assert.equal(await links(page).count(), 1);
  });
});

test('what comes late calls nobody back', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await settled(page);
    const release = await hold(page, /\/v1\/admin\/users\?.*q=/);
    await field(page).fill('u77@example.test');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Emails' }).click();
    await titled(page, 'Emails');
    release();
    await quiet(page);
    assert.equal(new URL(page.url()).hash, '#/emails');
  });
});

test('a list that does not come can be asked for again', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.route('**/v1/admin/users?limit=50*', (route) => route.abort(), { times: 1 });
    await signIn(page, app.key);
    await page.getByRole('alert').getByText('We can’t reach the server.').waitFor();
    await press(page, 'Try again');
    await settled(page);
    await page.locator('.rows').waitFor();
  });
});
