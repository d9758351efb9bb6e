// When things happened in the portal, where a list was left, and what belongs together.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { launch, visit } from './browser.js';
import { until } from './limits.js';
import { openUser, press, settled, signIn } from './portal-steps.js';
import { speak, titled } from './steps.js';

const FAILING = { expectFailures: true };
const ZONE = { timezoneId: 'Asia/Kolkata' };

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const earlier = (seconds, now) => new Date(now - seconds * 1000).toISOString();

/** Emails that were made so many seconds ago. */
const emails = (page, ages, now = Date.now()) => page.route('**/v1/admin/emails?*', (route) => route.fulfill({
  json: {
    emails: ages.map((age, index) => ({
      id: `e${index}`, user_id: 'ann', kind: 'recovery', state: 'sent', attempts: 1, created_at: earlier(age, now), updated_at: earlier(age, now), last_error: null,
    })),
    next_cursor: null,
  },
}));

test('times are told by how long ago they are, and exactly, with the zone, to who points at them', async () => {
  await visit(browser, app, { ...FAILING, ...ZONE }, async (page) => {
    await emails(page, [5, 5 * 60 + 5, 3 * 3600 + 5, 86_400 + 5, 400 * 86_400]);
    await signIn(page, app.key, '#/emails');
    const times = page.locator('.rows time');
    await times.first().waitFor();
    const told = await times.allTextContents();
    assert.deepEqual(told.slice(0, 4), ['now', '5 minutes ago', '3 hours ago', 'yesterday']);
    assert.match(told[4], /\d{4}$/);
    for (const title of await times.evaluateAll((all) => all.map((one) => one.title))) assert.match(title, /\d{4}.*\d:\d\d.*GMT\+5:30$/);
    await speak(page, 'de');
    await times.getByText('vor 5 Minuten').waitFor();
    assert.match(await times.first().getAttribute('title'), /GMT\+5:30$/);
  });
});

test('what lies ahead is rounded, and days are those of the calendar', async () => {
  const [hour, day] = [3600, 86_400];
  const noon = Date.parse('2026-11-30T12:00:00+05:30');
  const told = [
    [599, 'in 10 minutes'], [hour - 2, 'in 1 hour'], [2 * hour - 1, 'in 2 hours'], [day - 1, 'tomorrow'], [47 * hour, 'in 2 days'],
    [3 * day - 1, 'in 3 days'], [7 * day - 1, 'in 7 days'], [-2 * hour + 60, '1 hour ago'], [-30 * hour, 'yesterday'], [-47 * hour, '2 days ago'],
  ];
  await visit(browser, app, { ...FAILING, ...ZONE }, async (page) => {
    await page.clock.install({ time: noon });
    await emails(page, told.map(([seconds]) => -seconds), noon);
    await signIn(page, app.key, '#/emails');
    const times = page.locator('.rows time');
    await times.first().waitFor();
    assert.deepEqual(await times.allTextContents(), told.map(([, text]) => text));
  });
});

test('a minute ago becomes two', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.clock.install();
    await emails(page, [65]);
    await signIn(page, app.key, '#/emails');
    const time = page.locator('.rows time');
    await time.getByText('1 minute ago').waitFor();
    await page.clock.runFor('02:00');
    await time.getByText('3 minutes ago').waitFor();
  });
});

test('a step back leads to where the list was left', async () => {
  await visit(browser, app, { ...FAILING, viewport: { width: 1000, height: 600 } }, async (page) => {
    for (let number = 0; number < 25; number += 1) await app.createUser({ password: undefined });
    await signIn(page, app.key, '#/users');
    await page.locator('.rows a').nth(20).waitFor();
    const height = () => page.evaluate(() => Math.round(scrollY));
    await page.locator('.rows a').nth(20).scrollIntoViewIfNeeded();
    const left = await height();
    assert.ok(left > 300, `${left}`);
    await page.locator('.rows a').nth(20).click();
    await page.getByRole('button', { name: 'Change password' }).waitFor();
    assert.equal(await height(), 0);
    await page.goBack();
    await titled(page, 'Users');
    await until(async () => await height() === left, 'the place in the list');
  });
});

test('a step back leads to as much of a list as was there', async () => {
  await visit(browser, app, { ...FAILING, viewport: { width: 1000, height: 600 } }, async (page) => {
    const user = await app.createUser();
    for (let time = 0; time < 15; time += 1) {
      for (const required of [true, false]) await app.call('PUT', `/v1/admin/users/${user.id}/password-change`, { required });
    }
    await signIn(page, app.key, `#/events?user_id=${user.id}`);
    const rows = page.locator('.rows > li');
    await rows.nth(19).waitFor();
    await press(page, 'Show more');
    await rows.nth(30).waitFor();
    const count = await rows.count();
    await rows.nth(28).locator('a').click();
    await titled(page, user.email);
    await page.goBack();
    await titled(page, 'Events');
    await settled(page);
    await until(async () => await rows.count() === count, 'the whole list');
    assert.ok(await page.evaluate(() => scrollY) > 300);
  });
});

test('one reset is one entry, with what it brought along inside', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const user = await app.createUser();
    await app.call('POST', `/v1/admin/users/${user.id}/reset-password`, {
      generate: true, return_password: true, change_on_next_sign_in: true, sign_out_everywhere: true, reason: 'asked by phone',
    });
    assert.ok((await app.events(user.id)).length > 2);
    await openUser(page, app, user);
    const rows = page.locator('.rows > li');
    await rows.first().waitFor();
    assert.deepEqual(await rows.locator('h3').allTextContents(), ['Password changed', 'User created']);
    await rows.first().getByText('Signed out everywhere').waitFor();
    assert.equal(await page.getByText('asked by phone').count(), 1);
  });
});
