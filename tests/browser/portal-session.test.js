// The portal's session: the key, what it may do, and when it is forgotten.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { heading, launch, quiet, visit } from './browser.js';
import { dialog, openUser, press, settled, signIn, stopClock } from './portal-steps.js';
import { hold, ready, speak, titled } from './steps.js';

const FAILING = { expectFailures: true };
const LIMIT = 210_000;

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

/** Everything that a browser keeps for a page. */
const stored = (page) => page.evaluate(async () => JSON.stringify([
  { ...sessionStorage }, { ...localStorage }, document.cookie, await indexedDB.databases(), await caches.keys(), history.state, name,
]));

test('the portal is served like the other pages, and none of them leads to it', async () => {
  const [page, portal] = await Promise.all(['/forgot-password', '/portal'].map((path) => fetch(app.origin + path)));
  assert.equal(portal.status, 200);
  for (const header of [
    'cache-control', 'content-security-policy', 'content-type', 'cross-origin-opener-policy', 'cross-origin-resource-policy',
    'permissions-policy', 'referrer-policy', 'x-content-type-options',
  ]) {
    assert.ok(portal.headers.get(header), header);
    assert.equal(portal.headers.get(header), page.headers.get(header), header);
  }
  assert.doesNotMatch(await portal.text(), /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:/i);
  assert.equal((await fetch(`${app.origin}/portal`, { method: 'POST', body: 'a' })).status, 405);
  for (const path of ['/', '/forgot-password', '/verify-otp', '/reset-password', '/cancel-recovery', '/problems/forbidden']) {
    assert.doesNotMatch(await (await fetch(app.origin + path)).text(), /portal/, path);
  }
});

test('the portal is small, all of it', async (t) => {
  for (const locale of ['en', 'ja']) {
    await visit(browser, app, { ...FAILING, locale }, async (page) => {
      const bodies = new Map();
      page.on('response', (response) => {
        if (!response.url().includes('/v1/')) bodies.set(response.url(), response.body().catch(() => Buffer.alloc(0)));
      });
      await page.goto('/portal', { waitUntil: 'networkidle' });
      const total = (await Promise.all(bodies.values())).reduce((sum, body) => sum + body.length, 0);
      t.diagnostic(`${locale}: ${total} bytes in ${bodies.size} answers`);
      assert.ok(total > 20_000 && total <= LIMIT, `${total} bytes in ${locale}`);
    });
  }
});

test('a key is kept in memory only, and forgotten by a reload', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user);
    await press(page, 'Change password');
    await press(page, 'Cancel');
    await page.getByRole('link', { name: 'Emails' }).click();
    await titled(page, 'Emails');
    assert.equal(await stored(page), '[{},{},"",[],[],null,""]');
    assert.ok(!page.url().includes('kb_'));
    assert.ok(!(await page.content()).includes(app.key));
    await page.reload();
    await titled(page, 'Sign in to the portal');
    assert.equal(await page.getByLabel('API key').inputValue(), '');
    await page.goBack();
    assert.equal(await page.getByText(user.email).count(), 0);
  });
});

test('a key that is none says so at the field, and asks for it again', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.goto('/portal');
    for (const [key, text] of [
      ['', 'Enter an API key.'],
      ['kb_key_0000', 'This API key isn’t valid.'],
      ['käse', 'This API key isn’t valid.'],
    ]) {
      await page.getByLabel('API key').fill(key);
      await press(page, 'Sign in');
      await page.locator('.error').getByText(text).waitFor();
      assert.ok(await page.getByLabel('API key').evaluate((field) => field === document.activeElement));
      assert.ok(!await page.locator('.summary').isVisible());
    }
  });
});

test('what goes wrong with the first call is told in plain words', async () => {
  for (const [status, headers, text, body = ''] of [
    [429, { 'Retry-After': '90' }, 'Too many attempts. Try again in 2 minutes'],
    [503, {}, 'This isn’t available right now.', '{"type":"/problems/service-unavailable"}'],
    [503, {}, 'We can’t reach the server. Check your connection'],
    [502, {}, 'We can’t reach the server. Check your connection'],
    [400, {}, 'Something went wrong.'],
  ]) {
    await visit(browser, app, FAILING, async (page) => {
      await page.route('**/v1/admin/**', (route) => route.fulfill({ status, headers, body }));
      await page.goto('/portal');
      await page.getByLabel('API key').fill(app.key);
      await press(page, 'Sign in');
      await page.locator('.summary').getByText(text).waitFor();
    });
  }
  await visit(browser, app, FAILING, async (page, context) => {
    await page.goto('/portal', { waitUntil: 'networkidle' });
    await context.setOffline(true);
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await page.locator('.summary').getByText('We can’t reach the server.').waitFor();
    await context.setOffline(false);
    await press(page, 'Sign in');
    await titled(page, 'Users');
  });
});

test('a key that may do less is told what it lacks, and offered no more', async () => {
  const user = await app.createUser();
  const lacks = (page, scope) => page.locator(`[data-lacks="${scope}"]`).getByText(`lacks the scope “${scope}”`).first().waitFor();
  const offered = (page) => page.locator('[data-action]').evaluateAll((all) => all.map(({ dataset: { action } }) => action));
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user, app.keys.users);
    await lacks(page, 'reset');
    await lacks(page, 'events');
    assert.deepEqual(await offered(page), ['sign-out', 'address', 'locale', 'disable', 'delete']);
    await page.evaluate(() => location.assign('#/emails'));
    await lacks(page, 'emails');
  });
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user, app.keys.support);
    for (const scope of ['users:write', 'events']) await lacks(page, scope);
    assert.deepEqual(await offered(page), ['password', 'require', 'recovery']);
  });
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user, app.keys.reader);
    for (const scope of ['reset', 'users:write', 'events']) await lacks(page, scope);
    assert.deepEqual(await offered(page), []);
    for (const view of ['#/new-user', '#/import']) {
      await page.evaluate((hash) => location.assign(hash), view);
      await lacks(page, 'users:write');
    }
  });
  await visit(browser, app, FAILING, async (page) => {
    for (const view of ['#/users', `#/users/${user.id}`]) {
      await signIn(page, app.keys.events, view);
      await lacks(page, 'users:read');
      await page.reload();
    }
  });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.writer);
    await titled(page, 'New user');
    assert.deepEqual(await page.locator('[data-tabs] a:visible').allTextContents(), ['New user', 'Import']);
    assert.equal(await page.locator('main a:visible').count(), 0);
    const email = `${Date.now()}@example.test`;
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('None yet').check();
    await press(page, 'Create user');
    await page.locator('.notice.done').getByText('User created.').waitFor();
    assert.equal(await page.getByLabel('Email address').inputValue(), '');
    assert.equal(new URL(page.url()).hash, '#/new-user');
    await page.getByRole('link', { name: 'Import' }).click();
    await titled(page, 'Import users');
  });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.resetter);
    await titled(page, 'Bulk action');
    assert.deepEqual(await page.locator('[data-tabs] a:visible').allTextContents(), ['Bulk action']);
  });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.keys.nothing);
    await lacks(page, 'users:read');
    assert.equal(await page.locator('[data-tabs] a:visible').count(), 0);
  });
});

test('looking at what a key may do changes nothing', async () => {
  const user = await app.createUser();
  const before = [await app.user(user.id), await app.events(user.id)];
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await settled(page);
  });
  assert.deepEqual([await app.user(user.id), await app.events(user.id)], before);
});

test('the lock button forgets key and content, and keeps the place', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user);
    await press(page, 'Lock');
    await page.getByRole('alert').getByText('Locked. Your API key has been cleared.').waitFor();
    assert.ok(!(await page.content()).includes(user.email));
    assert.equal(await page.locator('[data-tabs]:visible').count(), 0);
    assert.ok(await page.getByLabel('API key').evaluate((field) => field === document.activeElement && field.value === ''));
    // Following links to what was shown before shows nothing.
    await page.evaluate(() => location.assign('#/users'));
    await quiet(page);
    await titled(page, 'Sign in to the portal');
    await page.evaluate((id) => location.assign(`#/users/${id}`), user.id);
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await heading(page).getByText(user.email).waitFor();
  });
});

test('fifteen minutes without input lock the portal, with a warning a minute before', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await page.clock.install();
    await openUser(page, app, user);
    const soon = page.locator('[data-soon]:visible');
    await stopClock(page);
    await page.keyboard.press('Shift');
    await page.clock.runFor('13:55');
    assert.equal(await soon.count(), 0);
    await page.clock.runFor('00:10');
    await soon.getByText('The portal locks in one minute.').waitFor();
    // Any input keeps it open for another fifteen minutes.
    await page.keyboard.press('Shift');
    await page.clock.runFor('00:02');
    assert.equal(await soon.count(), 0);
    await page.clock.runFor('13:50');
    await heading(page).getByText(user.email).waitFor();
    await press(page, 'Change password');
    await page.clock.runFor('14:30');
    await dialog(page).locator('[data-soon]').waitFor();
    await page.clock.runFor('00:35');
    await page.getByText('Locked after 15 minutes of inactivity.').waitFor();
    assert.equal(await dialog(page).count(), 0);
    assert.ok(!(await page.content()).includes(user.email));
  });
});

test('a machine that slept finds the portal locked, whatever comes first', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.clock.install();
    await signIn(page, app.key);
    await titled(page, 'Users');
    // The timers stand still, the clock does not.
    await stopClock(page);
    await page.clock.setFixedTime(await page.evaluate(() => Date.now()) + 15 * 60_000);
    await page.keyboard.press('Shift');
    await page.getByText('Locked after 15 minutes of inactivity.').waitFor();
  });
});

test('an answer that comes after the lock is shown to nobody', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await openUser(page, app, user);
    const release = await hold(page, '**/reset-password');
    await press(page, 'Change password');
    await dialog(page).getByLabel(/^Send it to/).uncheck();
    await press(page, 'Change password');
    await page.evaluate(() => document.querySelector('[data-lock]').click());
    await page.getByText('Locked.').waitFor();
    release();
    await quiet(page);
    assert.equal(await page.locator('output').count(), 0);
    assert.equal(await dialog(page).count(), 0);
  });
});

test('nothing is asked or told any more after the lock', async () => {
  const user = await app.createUser();
  const lock = async (page) => {
    await page.evaluate(() => document.querySelector('[data-lock]').click());
    await page.getByText('Locked.').waitFor();
  };
  for (const [button, once, pressed] of [
    ['Change password', '', 'Change password'], ['Start a recovery', 'Show them here, once', 'Start the recovery'],
  ]) {
    await visit(browser, app, FAILING, async (page) => {
      await page.clock.install();
      await openUser(page, app, user);
      await press(page, button);
      if (once) await dialog(page).getByLabel(once).check();
      else await dialog(page).getByLabel(/^Send it to/).uncheck();
      await press(page, pressed);
      await dialog(page).locator('.warning').waitFor();
      const calls = [];
      page.on('request', (request) => calls.push(request.url()));
      await lock(page);
      await page.clock.runFor('00:05');
      assert.deepEqual(calls, []);
      assert.equal(await page.locator('[data-status]').textContent(), '');
    });
  }
  await visit(browser, app, FAILING, async (page) => {
    await page.clock.install();
    await page.route('**/v1/admin/users?limit=50*', () => {});
    await signIn(page, app.key);
    await lock(page);
    await page.clock.runFor('00:05');
    assert.equal(await page.locator('[data-status]').textContent(), '');
  });
});

test('a key that is taken back meanwhile ends the session', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    await page.route('**/v1/admin/**', (route) => route.fulfill({
      status: 401, headers: { 'Content-Type': 'application/problem+json' }, body: '{"type":"/problems/unauthorized"}',
    }));
    await page.getByRole('link', { name: 'Emails' }).click();
    await page.getByText('Locked, because your API key is no longer valid.').waitFor();
  });
});

test('a view that is none says so, and every view has a title of its own', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/nothing-here');
    await titled(page, 'Page not found');
    const titles = new Set([await page.title()]);
    const views = [
      '#/users', `#/users/${user.id}`, '#/new-user', '#/import', '#/bulk', '#/events', '#/emails', '#token=secret', '#/users/a/b', '#/users/%3Cb%3E',
    ];
    for (const view of views) {
      const before = await page.title();
      await page.evaluate((hash) => location.assign(hash), view);
      await page.waitForFunction((old) => document.title !== old || old.startsWith('Page not found'), before);
      await settled(page);
      titles.add(await page.title());
      assert.match(await page.title(), / · Harbour$/);
      if (!/users\/|token/.test(view)) {
        assert.ok(await heading(page).evaluate((element) => element === document.activeElement), view);
      }
    }
    assert.equal(titles.size, 9, [...titles].join());
    await page.getByRole('link', { name: 'All users' }).click();
    await titled(page, 'Users');
  });
});

test('without scripts the portal says what it needs', async () => {
  await visit(browser, app, { javaScriptEnabled: false }, async (page) => {
    await page.goto('/portal');
    assert.match(await page.locator('noscript p:visible').textContent(), /^This page needs JavaScript\./);
    assert.equal(await page.locator('.late:visible').count(), 0);
  });
});

test('the language is the one that was chosen last, whichever comes first', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const release = await hold(page, '**/portal/lang/de.json');
    await page.goto('/portal');
    await ready(page);
    await speak(page, 'de');
    await speak(page, 'fr');
    await page.locator('html[lang=fr]').waitFor();
    release();
    await quiet(page);
    assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
  });
});

test('the portal speaks the chosen language, and changes it as it stands', async () => {
  const user = await app.createUser();
  await visit(browser, app, { ...FAILING, locale: 'de' }, async (page) => {
    await page.goto(`/portal#/users/${user.id}`);
    await ready(page);
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    await page.locator('[name=key]').fill(app.key);
    await page.locator('[type=submit]').click();
    await heading(page).getByText(user.email).waitFor();
    await page.locator('.rows').waitFor();
    await speak(page, 'en');
    await page.getByRole('heading', { name: 'Account security' }).waitFor();
    const english = await page.locator('main').innerText();
    await speak(page, 'ja');
    await page.locator('html[lang=ja]').waitFor();
    assert.ok(await heading(page).getByText(user.email).isVisible());
    assert.notEqual(await page.locator('main').innerText(), english);
  });
});
