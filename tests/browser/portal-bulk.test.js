// One action for many users: a preview that counts them, and a job that is watched and stopped.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { launch, visit } from './browser.js';
import { until } from './limits.js';
import { dialog, press, settled, signIn } from './portal-steps.js';
import { titled } from './steps.js';

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

const some = (count) => Promise.all(Array.from({ length: count }, () => app.createUser()));

/** Runs the job that is shown, as a scheduler would, and waits until the page says that it is done. */
async function worked(page) {
  await app.call('POST', '/v1/courier/run');
  await page.locator('#job-state').getByText('Finished').waitFor();
}

/** Answers the calls of jobs as a server that works as slowly as the test wants. */
async function faked(page, job) {
  const orders = [];
  await page.route('**/v1/admin/users/bulk', (route) => {
    if (route.request().method() === 'GET') return route.fulfill({ json: { jobs: [job] } });
    const order = route.request().postDataJSON();
    orders.push(order);
    return order.dry_run ? route.fulfill({ json: { matching: 312 } }) : route.fulfill({ status: 202, json: job });
  });
  await page.route(`**/v1/admin/users/bulk/${job.id}`, (route) => {
    if (route.request().method() === 'GET') return route.fulfill({ json: job });
    job.state = 'stopped';
    return route.fulfill({ status: 204 });
  });
  return orders;
}

const JOB = {
  id: 'j1', action: 'sign-out', state: 'running', total: 312, done: 0, skipped: 0, failed: 0, failures: [], reason: 'a leak',
  created_at: '2026-08-01T09:00:00Z', updated_at: '2026-08-01T09:00:00Z', actor: { kind: 'administrator', id: 'key' },
};

test('the users that were ticked are signed out, after a preview that counts them', async () => {
  const users = await some(3);
  const epochs = () => Promise.all(users.map(async ({ id }) => (await app.user(id)).credential_epoch));
  const before = await epochs();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    for (const { email } of users.slice(0, 2)) await page.getByRole('checkbox', { name: email }).check();
    await page.locator('.ticked').getByText('2 selected').waitFor();
    // Ticked users stay ticked, even during a search.
    await page.getByLabel('Search').fill(users[2].email);
    await page.waitForFunction(() => document.querySelectorAll('.rows a').length === 1);
    await page.locator('.ticked').getByText('2 selected').waitFor();
    await page.getByRole('link', { name: 'Choose an action' }).click();
    await titled(page, 'Bulk action');
    assert.ok(await page.getByLabel('The 2 selected users').isChecked());
    await page.getByLabel('Sign out everywhere').check();
    await page.getByLabel('Reason').fill('a stolen laptop');
    await press(page, 'Preview');
    await dialog(page).getByText('This will end all sessions of 2 users.').waitFor();
    assert.deepEqual(await epochs(), before);
    await press(page, 'End sessions');
    await titled(page, 'Bulk action progress');
    await page.getByText('a stolen laptop').waitFor();
    await worked(page);
    await page.getByText('2 done, 0 skipped, 0 failed, of 2').waitFor();
    const now = await epochs();
    assert.deepEqual(now.map((epoch, index) => epoch > before[index]), [true, true, false]);
    assert.equal((await app.events(users[0].id))[0].reason, 'a stolen laptop');
    await page.getByRole('link', { name: 'Bulk actions' }).click();
    await page.locator('.rows').getByRole('link', { name: 'Sign out everywhere' }).first().waitFor();
    // The selection has been used.
    assert.equal(await page.getByLabel('The 2 selected users').count(), 0);
  });
});

test('users are chosen by a filter, and a filter that finds nobody says so', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/bulk');
    await page.getByLabel('Password set before').fill('2001-01-01');
    await press(page, 'Preview');
    await page.locator('fieldset .error').getByText('No users match.').waitFor();
    await page.getByLabel('Password set before').fill('');
    await page.getByLabel('Search').fill(user.email);
    await press(page, 'Preview');
    await dialog(page).getByText('This will require 1 user to choose a new password.').waitFor();
    await press(page, 'Require new passwords');
    await titled(page, 'Bulk action progress');
    await worked(page);
    assert.equal((await app.user(user.id)).credential.must_change, true);
  });
});

test('the preview names the count, and what is asked for is what was previewed', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const orders = await faked(page, { ...JOB });
    await signIn(page, app.key, '#/bulk');
    await page.getByLabel('Disable').check();
    await page.getByLabel('Created before').fill('2026-08-01');
    await page.getByLabel('Status').selectOption('Active');
    await press(page, 'Preview');
    await dialog(page).getByText('This will disable 312 users.').waitFor();
    await press(page, 'Cancel');
    assert.equal(orders.length, 1);
    await page.getByLabel('Created before').fill('');
    await page.getByLabel('Status').selectOption('All');
    await press(page, 'Preview');
    await dialog(page).getByText('You set no conditions, so this affects all users.').waitFor();
    await press(page, 'Disable users');
    await titled(page, 'Bulk action progress');
    const { dry_run: isDry, ...previewed } = orders[1];
    assert.equal(isDry, true);
    assert.deepEqual(orders[2], previewed);
    const { filter } = orders[0];
    assert.deepEqual([Date.parse(filter.created_before), filter.disabled], [new Date(2026, 7, 1).getTime(), false]);
  });
});

test('a job is watched while somebody looks, and stopped', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const job = { ...JOB };
    await faked(page, job);
    await signIn(page, app.key, '#/bulk/j1');
    await page.getByText('0 done, 0 skipped, 0 failed, of 312').waitFor();
    Object.assign(job, { done: 100, skipped: 2, failed: 1, failures: [{ user_id: 'ann', detail: 'has no address' }] });
    await page.getByText('100 done, 2 skipped, 1 failed, of 312').waitFor();
    assert.equal(await page.locator('progress').evaluate((bar) => bar.value), 103);
    await page.getByText('has no address').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download as CSV')]);
    assert.match(download.suggestedFilename(), /^failures-/);
    // A hidden page sends no requests.
    await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true, configurable: true }));
    await press(page, 'Stop');
    await dialog(page).getByText('What’s done stays done.').waitFor();
    await press(page, 'Stop');
    await page.locator('#job-state').getByText('Stopped').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Stop' }).count(), 0);
  });
});

test('a page is ticked and cleared as a whole', async () => {
  await some(2);
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await settled(page);
    const boxes = page.locator('[data-tick]');
    await page.getByLabel('Select all on this page').check();
    await until(async () => await page.locator('[data-tick]:checked').count() === await boxes.count(), 'all ticks');
    await boxes.first().uncheck();
    assert.equal(await page.getByLabel('Select all on this page').isChecked(), false);
    await press(page, 'Clear selection');
    assert.equal(await page.locator('[data-tick]:checked').count(), 0);
    assert.equal(await page.locator('.ticked:visible').count(), 0);
  });
});

test('who may not do any of it is not offered it', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.reader);
    await settled(page);
    await page.locator('.rows').waitFor();
    assert.equal(await page.locator('[data-tick]').count(), 0);
    for (const name of ['New user', 'Import', 'Bulk action']) assert.equal(await page.getByRole('link', { name }).count(), 0, name);
    await page.evaluate(() => location.assign('#/bulk'));
    await page.locator('[data-lacks]').waitFor();
  });
});
