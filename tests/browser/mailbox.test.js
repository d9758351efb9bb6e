// The mailbox of development. A real Spin has none.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { program, workspace } from './app.js';
import { launch } from './browser.js';
import { START_LIMIT, STATE_LIMIT, until } from './limits.js';

const MAIL = `<!doctype html><html><head><style>
body{margin:0;background:#ffffff}
@media (max-width:480px){.wide{display:none}}
@media (prefers-color-scheme:dark){body{background:#101010}}
</style></head><body><div style="height:1234px">Hello<span class="wide"> wide</span></div></body></html>`;

describe('the mailbox', { skip: Boolean(process.env.KEYBACK_SPIN) }, () => {
  let host, ended, origin, browser, page;

  before(async () => {
    host = spawn(program, [
      'up', '--from', join(workspace, 'spin.toml'), '--listen', '127.0.0.1:0', '--state-dir', '',
      '--mailbox', '127.0.0.1:0',
    ], { stdio: ['ignore', 'pipe', 'ignore'] });
    ended = new Promise((resolve) => host.once('exit', resolve));
    origin = await new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('the mailbox did not start in time')), START_LIMIT).unref();
      let output = '';
      host.stdout.on('data', (text) => {
        output += text;
        const address = output.match(/Mailbox (http:\S+)\n/)?.[1];
        if (address) resolve(address);
      });
    });
    browser = await launch();
    page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    page.setDefaultTimeout(STATE_LIMIT);
    await page.goto(origin);
  });

  after(async () => {
    await browser?.close();
    host.kill('SIGTERM');
    await ended;
  });

  const send = async (subject, html = MAIL) => {
    const mail = { from: 'Keyback <a@example.test>', to: 'b@example.test', subject, text: 'In short', html };
    const answer = await fetch(`${origin}/emails`, {
      method: 'POST', headers: { Authorization: 'Bearer re_1' }, body: JSON.stringify(mail),
    });
    return answer.status;
  };
  const opens = (subject) => page.locator('#subject', { hasText: subject }).waitFor();
  const radio = (name) => page.getByRole('radio', { name });
  const frame = () => page.locator('#html');
  const background = () => page.frameLocator('#html').locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);

  test('opens the newest mail as HTML, in a frame as tall as the mail', async () => {
    assert.equal(await send('First'), 200);
    await opens('First');
    assert.equal(await send('Second'), 200);
    await opens('Second');
    const height = await until(async () => {
      const { height } = await frame().boundingBox();
      return height >= 1234 && height;
    }, 'a frame as tall as the mail');
    assert.ok(height < 1250, `${height} pixels`);
    assert.ok(await page.locator('#text').isHidden());
  });

  test('keeps an older mail that somebody reads', async () => {
    await page.getByRole('button', { name: 'First' }).click();
    await opens('First');
    await send('Third');
    await page.getByRole('button', { name: 'Third' }).waitFor();
    assert.equal(await page.locator('#subject').textContent(), 'First');
  });

  test('shows a mail as wide as a phone and as a desktop', async () => {
    for (const [width, isWide] of [['375', false], ['700', true]]) {
      await radio(width).check();
      const inside = await page.frameLocator('#html').locator('html').evaluate((html) => html.clientWidth);
      assert.equal(inside, Number(width));
      assert.equal(await page.frameLocator('#html').locator('.wide').isVisible(), isWide);
    }
  });

  test('shows a mail as a dark and as a light reader sees it', async () => {
    for (const [scheme, colour] of [['Dark', 'rgb(16, 16, 16)'], ['Light', 'rgb(255, 255, 255)']]) {
      await radio(scheme).check();
      await until(async () => await background() === colour, scheme);
    }
  });

  test('shows the text and the source', async () => {
    await radio('Text').check();
    assert.equal(await page.locator('#text').innerText(), 'In short');
    await radio('Source').check();
    assert.match(await page.locator('#source').innerText(), /^<!doctype html>/);
    assert.ok(await frame().isHidden());
    await radio('HTML').check();
    assert.ok(await frame().isVisible());
  });

  test('refuses one mail when it is told to refuse the next', async () => {
    const choice = page.getByLabel('Next email:');
    await choice.selectOption('refuse');
    await page.getByText('Next email: rejected permanently').waitFor();
    assert.equal(await send('Refused'), 422);
    assert.equal(await send('Accepted'), 200);
    await page.locator('h1').click();
    await choice.evaluate((select) => select.blur());
    await until(async () => await choice.inputValue() === 'accept', 'the choice for the mail after it');
  });
});
