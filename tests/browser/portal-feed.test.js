// The events of all users in the portal.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { launch, visit } from './browser.js';
import { press, settled, signIn } from './portal-steps.js';
import { titled } from './steps.js';

const FAILING = { expectFailures: true };

let app;
let browser;
let users;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
  users = [];
  for (let made = 0; made < 25; made += 1) users.push(await app.createUser());
  await app.call('POST', `/v1/admin/users/${users[3].id}/reset-password`, { generate: true, return_password: true, reason: 'asked by phone' });
  await app.call('PATCH', `/v1/admin/users/${users[4].id}`, { disabled: true });
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const rows = (page) => page.locator('.rows > li');

test('all events are told, newest first, with the user, and further ones on demand', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await page.getByRole('link', { name: 'Events' }).click();
    await titled(page, 'Events');
    const newest = rows(page).first();
    await newest.getByRole('heading', { name: 'User disabled' }).waitFor();
    await newest.getByRole('link', { name: users[4].email }).waitFor();
    // A reset is one entry.
    const reset = rows(page).nth(1);
    await reset.getByRole('heading', { name: 'Password changed' }).waitFor();
    assert.match(await reset.innerText(), /asked by phone/);
    assert.match(await reset.innerText(), /Signed out everywhere/);
    assert.equal(await page.getByRole('heading', { name: 'Signed out everywhere' }).count(), 0);
    const before = await rows(page).count();
    await press(page, 'Show more');
    await page.waitForFunction((count) => document.querySelectorAll('.rows > li').length > count, before);
    await newest.getByRole('link', { name: users[4].email }).click();
    await titled(page, users[4].email);
    await page.goBack();
    await titled(page, 'Events');
  });
});

test('what was said about a list is not said on the next view', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/events');
    await page.getByText('More filters').click();
    await page.getByLabel('Done by').fill(randomBytes(4).toString('hex'));
    await press(page, 'Filter');
    const status = page.locator('[data-status]');
    await status.getByText('No events match.').waitFor({ state: 'attached' });
    await page.getByRole('link', { name: 'Emails' }).click();
    await titled(page, 'Emails');
    assert.doesNotMatch(await status.textContent(), /No events match/);
  });
});

test('events are narrowed by what, whom, who and when', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/events');
    await page.getByLabel('Event', { exact: true }).selectOption('User disabled');
    await page.waitForFunction(() => document.querySelectorAll('.rows > li').length === 1);
    assert.equal(new URL(page.url()).hash, '#/events?type=account.disabled');
    await page.locator('[data-status]').getByText('Events shown: 1').waitFor({ state: 'attached' });
    await page.getByLabel('Event', { exact: true }).selectOption('All');
    await page.getByText('More filters').click();
    await page.getByRole('textbox', { name: 'User' }).fill(users[4].email);
    await press(page, 'Filter');
    await page.waitForFunction(() => document.querySelectorAll('.rows > li').length === 2);
    assert.equal(new URL(page.url()).hash, `#/events?user_id=${users[4].id}`);
    await page.getByRole('textbox', { name: 'User' }).fill('nobody has this');
    await press(page, 'Filter');
    await page.locator('.none').getByText('No events match.').waitFor();
    await page.getByRole('textbox', { name: 'User' }).fill('');
    await page.getByLabel('Done by').fill(randomBytes(4).toString('hex'));
    await press(page, 'Filter');
    await page.locator('.none').getByText('No events match.').waitFor();
    await page.getByLabel('Done by').fill('key');
    await press(page, 'Filter');
    await rows(page).first().getByText('User disabled').waitFor();
    await page.getByLabel('Until').fill('2001-01-01T00:00');
    await press(page, 'Filter');
    await page.locator('.none').getByText('No events match.').waitFor();
    // The filter is as it was after a step back.
    await page.getByRole('link', { name: 'Emails' }).click();
    await titled(page, 'Emails');
    await page.goBack();
    await page.locator('.none').getByText('No events match.').waitFor();
    assert.equal(await page.getByLabel('Until').inputValue(), '2001-01-01T00:00');
    assert.equal(await page.getByLabel('Done by').inputValue(), 'key');
  });
});

test('the events that the filter finds are exported', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, `#/events?user_id=${users[3].id}`);
    await settled(page);
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Export')]);
    assert.match(download.suggestedFilename(), /^events-\d{4}-\d\d-\d\d\.ndjson$/);
    const events = readFileSync(await download.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(events.length >= 3 && events.every(({ user_id: id }) => id === users[3].id), JSON.stringify(events));
    assert.equal(events[0].type, 'account.created');
  });
});

test('a key for events lands on them, and is offered no more than it may do', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.events);
    await titled(page, 'Events');
    await rows(page).first().waitFor();
    assert.equal(new URL(page.url()).hash, '#/events');
    assert.equal(await page.getByRole('link', { name: 'Users', exact: true }).count(), 0);
  });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.emails);
    await titled(page, 'Emails');
    for (const name of ['Users', 'Events']) assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name);
  });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.reader);
    await titled(page, 'Users');
    for (const name of ['Events', 'Emails']) assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name);
    await page.evaluate(() => location.assign('#/events'));
    await page.locator('[data-lacks=events]').waitFor();
  });
});
