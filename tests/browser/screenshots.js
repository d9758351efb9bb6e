// Writes a picture of every state, on a phone and on a desk, in light and in dark, to target/screenshots, and
// the README's pictures to docs/pictures. Names given as arguments choose states, and KEYBACK_LANGUAGE a language: then the
// README's stay as they are. `readme` writes only those.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startApp, workspace } from './app.js';
import { launch, visit } from './browser.js';
import { writePictures } from './pictures.js';
import { states } from './states.js';

const folder = join(workspace, 'target/screenshots');
const devices = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1280, height: 800 } },
};
const chosen = process.argv.slice(2);
const language = process.env.KEYBACK_LANGUAGE;

/** Chooses a language, whatever is above the foot of the page. Problem pages have links; answers to a form have neither. */
async function choose(page, tag) {
  const [select, link] = [page.locator('[data-languages]'), page.locator(`a[hreflang="${tag}"]`)];
  if (await link.count() > 0) await link.click();
  if (await select.count() === 0) return;
  await select.evaluate((one, value) => {
    one.value = value;
    one.dispatchEvent(new Event('change'));
  }, tag);
}

await mkdir(folder, { recursive: true });
const [app, browser] = await Promise.all([startApp({ cooldown_seconds: '2' }), launch()]);
try {
  for (const name of chosen.length > 0 ? chosen.filter((one) => one !== 'readme') : Object.keys(states)) {
    for (const [device, options] of Object.entries(devices)) {
      for (const colorScheme of ['light', 'dark']) {
        await visit(browser, app, { ...options, colorScheme, expectFailures: true }, async (page) => {
          await states[name](page, app);
          // A dialog may be above it.
          if (language) await choose(page, language);
          await page.waitForTimeout(100);
          // A dialog is as high as what it holds, if the screen is.
          const dialog = page.locator('dialog[open]');
          const fullPage = await dialog.count() === 0;
          if (!fullPage) {
            const height = await dialog.evaluate((open) => open.scrollHeight + 40);
            await page.setViewportSize({ ...options.viewport, height: Math.max(height, options.viewport.height) });
          }
          const parts = [name, device, colorScheme, language].filter(Boolean);
          await page.screenshot({ path: join(folder, `${parts.join('-')}.png`), fullPage });
        });
      }
    }
  }
  if (!language && (chosen.length === 0 || chosen.includes('readme'))) await writePictures(browser, app);
} finally {
  await browser.close();
  await app.stop();
}
console.log(`The pictures are in ${folder}`);
