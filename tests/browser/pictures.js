// The README's pictures: three views, in light and in dark, in docs/pictures. They show nothing that differs from run to run.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { workspace } from './app.js';
import { visit } from './browser.js';
import { dialog, openUser, press } from './portal-steps.js';
import { UNKNOWN, allLive, asked } from './steps.js';

const folder = join(workspace, 'docs/pictures');
const PHONE = { width: 390, height: 640 };
const DESK = { width: 1000, height: 640 };
const ANN = { id: 'ann', email: 'ann@example.test' };

const VIEWS = {
  code: [PHONE, async (page) => {
    await page.clock.install();
    await asked(page, ANN.email);
  }],
  password: [PHONE, async (page) => {
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.locator('#password[passwordrules]').waitFor();
    await page.locator('#password').fill('seven herons walk at dawn');
    await page.locator('[data-rule=guess][data-met]').waitFor();
  }],
  portal: [DESK, async (page, app) => {
    // The same password is drawn each time.
    await page.addInitScript(() => {
      crypto.getRandomValues = (bytes) => bytes.fill((crypto.drawn = ((crypto.drawn ?? 3) * 7 + 5) % 248));
    });
    // A second run finds the user.
    await app.createUser(ANN).catch(() => {});
    await openUser(page, app, ANN);
    await page.locator('.rows').waitFor();
    await press(page, 'Change password');
    await dialog(page).locator('output').waitFor();
  }],
};

/** Writes them. */
export async function writePictures(browser, app) {
  await mkdir(folder, { recursive: true });
  for (const [name, [viewport, open]] of Object.entries(VIEWS)) {
    for (const colorScheme of ['light', 'dark']) {
      await visit(browser, app, { viewport, colorScheme, expectFailures: true }, async (page) => {
        await open(page, app);
        await page.evaluate(() => document.activeElement?.blur());
        await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
      });
    }
  }
}
