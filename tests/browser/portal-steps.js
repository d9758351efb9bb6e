// What administrators do in the portal.

import { heading } from './browser.js';
import { STATE_LIMIT } from './limits.js';
import { ready } from './steps.js';

/** Opens the portal, or a view of it, and signs in. */
export async function signIn(page, key, view = '') {
  await page.goto(`/portal${view}`);
  await ready(page);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('[data-tabs]:visible').waitFor();
}

/** Waits until nothing is being loaded. */
export const settled = (page) => page.locator('[aria-busy=true]').waitFor({ state: 'detached' });

/** Stops the page's clock, which must be installed. Time then passes only by `page.clock.runFor`. */
export async function stopClock(page) {
  const now = await page.evaluate(() => Date.now());
  // Playwright refuses a time that has passed by the time the page hears of it.
  await page.clock.pauseAt(now + STATE_LIMIT);
}

/** Opens a user's view. */
export async function openUser(page, app, user, key = app.key) {
  await signIn(page, key, `#/users/${user.id}`);
  await heading(page).getByText(user.email).waitFor();
}

export const dialog = (page) => page.locator('dialog[open]');

/** Presses a button, in the dialog if one is open. */
export async function press(page, name) {
  const open = dialog(page);
  await (await open.count() > 0 ? open : page).getByRole('button', { name, exact: true }).click();
}

/** The notice that tells what was done. */
export const done = (page, text) => page.locator('.notice.done').getByText(text).waitFor();
