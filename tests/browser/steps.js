// What people do on the pages, whatever the language.

import { heading } from './browser.js';

/** Holds calls to `path` back until the returned function is called. */
export async function hold(page, path) {
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route(path, async (route) => {
    await released;
    // The page may have been left meanwhile.
    await route.continue().catch(() => {});
  });
  return release;
}

/** What follows a page's path in a link that no email had. */
export const UNKNOWN = `#${'A'.repeat(43)}`;

/** Makes every link on `page` look live, as far as the page can tell. */
export const allLive = (page, reason = 'recovery') => page.route('**/v1/reset-password/check', (route) => route.fulfill({
  json: { email: 'ann@example.test', expires_in: 1200, reason },
}));

/** Presses the form's button. */
export const submit = (page) => page.locator('button[type=submit]').click();

/** Waits until the page's scripts have done what they do by themselves. */
export async function ready(page) {
  await page.locator('[data-late]').waitFor({ state: 'detached' });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
}

/** Waits for the view with this heading, and for the scripts of its page: the heading is there before them. */
export async function titled(page, title) {
  await heading(page).getByText(title).waitFor();
  await ready(page);
}

/** Asks for an email. */
export async function ask(page, email) {
  await page.goto('/forgot-password');
  await page.locator('#email').fill(email);
  await submit(page);
}

/** Asks for an email, and goes on to the page for the code. */
export async function asked(page, email) {
  await ask(page, email);
  await page.waitForURL('**/verify-otp');
  await ready(page);
}

/** Enters a code on the page that shows. A complete one is sent by itself if its length is known. */
export async function enter(page, code) {
  const isKnown = await page.locator('[data-label][data-t="code.label.digits"]:visible').count() > 0;
  await page.locator('#code').fill(code);
  if (!isKnown || code.length !== 6) await submit(page);
}

/** Chooses a language at the foot of the page. */
export const speak = (page, tag) => page.locator('[data-languages]').selectOption(tag);

/** Chooses a password on the page that shows. */
export async function choose(page, password) {
  await page.locator('#password').fill(password);
  await submit(page);
}
