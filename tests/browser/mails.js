// Writes a picture of every email in the folder given as argument, on a phone and on a desk, in light and in dark, to
// target/screenshots/mails. KEYBACK_LANGUAGE chooses a language.

import { mkdir, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { workspace } from './app.js';
import { launch } from './browser.js';

const from = resolve(process.argv[2]);
const folder = join(workspace, 'target/screenshots/mails');
const devices = { phone: { width: 390, height: 844 }, desktop: { width: 800, height: 600 } };

await mkdir(folder, { recursive: true });
const ending = process.env.KEYBACK_LANGUAGE ? `.${process.env.KEYBACK_LANGUAGE}.html` : '.html';
const mails = (await readdir(from)).filter((name) => name.endsWith(ending));
const browser = await launch();
try {
  for (const [device, viewport] of Object.entries(devices)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled: false });
      const page = await context.newPage();
      page.on('request', (request) => {
        if (!request.url().startsWith('file:')) throw new Error('a mail loads something');
      });
      for (const name of mails) {
        await page.goto(pathToFileURL(join(from, name)).href);
        const width = await page.locator('html').evaluate((html) => html.scrollWidth);
        if (width > viewport.width) throw new Error(`${name} is ${width} pixels wide on a ${device}`);
        const path = join(folder, `${basename(name, '.html')}-${device}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
}
console.log(`The pictures are in ${folder}`);
