// Importing users from a file in the portal.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { heading, launch, visit } from './browser.js';
import { until } from './limits.js';
import { press, signIn } from './portal-steps.js';
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

const file = (text, name = 'users.ndjson') => ({ name, mimeType: 'application/x-ndjson', buffer: Buffer.from(text) });

/** Lines of so many new users, with ids of their own. */
const users = (count) => {
  const prefix = randomBytes(5).toString('hex');
  return Array.from({ length: count }, (_, index) => JSON.stringify({ id: `${prefix}-${index}`, email: `${prefix}-${index}@example.test` }));
};

async function start(page, text) {
  await signIn(page, app.key, '#/import');
  await page.getByLabel('File').setInputFiles(file(text));
  await press(page, 'Import');
}

/** Holds each call of an import back until the test releases it by its number, from 1. */
async function heldOneByOne(page, answer) {
  const held = [];
  await page.route('**/v1/admin/users/import', async (route) => {
    const number = held.length + 1;
    await new Promise((resolve) => held.push(resolve));
    // The import may have been stopped meanwhile.
    await answer(route, number).catch(() => {});
  });
  const came = (number) => until(() => held.length >= number, `call ${number} of the import`);
  return {
    came,
    async release(number) {
      await came(number);
      held[number - 1]();
    },
  };
}

const finished = (page, lines) => page.getByText(`Finished with users.ndjson. Lines: ${lines}.`).and(page.locator('#import-state')).waitFor();

test('a file is imported, and the lines that failed are told with number and reason', async () => {
  const taken = await app.createUser();
  const good = users(2);
  const lines = [
    good[0], JSON.stringify({ email: taken.email }), '', '{"mail":1}', 'no json', JSON.stringify({ email: 'a@example.test', password: '12345' }),
    JSON.stringify({ email: 'b@example.test', locale: 'x'.repeat(17_000) }), good[1],
  ];
  await visit(browser, app, FAILING, async (page) => {
    await start(page, lines.join('\n'));
    await finished(page, 8);
    await page.getByText('2 created, 0 there already, 5 failed').waitFor();
    const failures = await page.locator('.failures > li').allInnerTexts();
    const told = failures.map((text) => text.replace(/\s+/g, ' ')).sort();
    assert.equal(told.length, 5);
    assert.match(told[0], /^Line 2 Another user has this address or id\.$/);
    assert.match(told[1], /^Line 4 Not as documented: \/email is missing$/);
    assert.match(told[2], /^Line 5 Not as documented: is not valid JSON$/);
    assert.match(told[3], /^Line 6 The password is not accepted\.$/);
    assert.match(told[4], /^Line 7 Longer than 16 KiB\.$/);
    assert.equal(await page.locator('progress').evaluate((bar) => bar.value / bar.max), 1);
    // And again: nothing is created twice.
    await press(page, 'Import');
    await page.getByText('0 created, 2 there already, 5 failed').waitFor();
  });
});

test('a JSON list is imported, also with a byte order mark, and its entries are numbered', async () => {
  const list = [...users(2), '{"mail":1}'];
  await visit(browser, app, FAILING, async (page) => {
    await start(page, `\ufeff[${list.join(',\r\n')}]`);
    await finished(page, 3);
    await page.getByText('2 created, 0 there already, 1 failed').waitFor();
    await page.locator('.failures strong').getByText('Line 3').waitFor();
  });
});

test('a file of another kind is refused once, before anything is sent', async () => {
  const csv = 'email,id\na@example.test,a\nb@example.test,b\n';
  await visit(browser, app, FAILING, async (page) => {
    let calls = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/import')) calls += 1;
    });
    await start(page, csv);
    for (const other of [csv, '[{"email":"a@example.test"},]', Buffer.from('[{}]', 'utf16le')]) {
      await page.getByLabel('File').setInputFiles(file(other));
      await press(page, 'Import');
      await page.locator('.field .error').getByText('Nothing was imported.').waitFor();
    }
    assert.equal(calls, 0);
    assert.equal(await page.locator('.failures > li').count(), 0);
  });
});

test('a large file goes in pieces that a call takes, at line ends', async () => {
  const lines = users(2500);
  // A call takes a hundred in clear, also of those that the policy refuses.
  const passwords = Array.from({ length: 101 }, (_, index) => JSON.stringify({
    email: `p${index}-${randomBytes(4).toString('hex')}@example.test`, password: '12345' }));
  await visit(browser, app, FAILING, async (page) => {
    let calls = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/import')) calls += 1;
    });
    await start(page, [...lines, ...passwords].join('\r\n'));
    await finished(page, '2,601');
    await page.getByText('2,500 created, 0 there already, 101 failed').waitFor();
    assert.equal(calls, 4);
    const numbers = (await page.locator('.failures strong').allInnerTexts()).map((text) => Number(text.replace(/\D/g, '')));
    assert.deepEqual(numbers, Array.from({ length: 101 }, (_, index) => 2501 + index));
  });
});

test('an import that gets no answer waits, and goes on where it was', async () => {
  await visit(browser, app, FAILING, async (page) => {
    let calls = 0;
    await page.route('**/v1/admin/users/import', (route) => {
      calls += 1;
      return calls === 2 ? route.abort() : route.continue();
    });
    await start(page, users(1500).join('\n'));
    await page.getByText('The import waits.').waitFor();
    await page.getByRole('alert').getByText('No answer.').waitFor();
    await press(page, 'Go on');
    await finished(page, '1,500');
    await page.getByText('1,500 created, 0 there already, 0 failed').waitFor();
  });
});

test('an import goes on while another view is looked at, and can be stopped', async () => {
  await visit(browser, app, FAILING, async (page) => {
    const calls = await heldOneByOne(page, (route) => route.continue());
    await start(page, users(2500).join('\n'));
    await page.getByText('users.ndjson: 0 %').and(page.locator('#import-state')).waitFor();
    await page.getByRole('link', { name: 'All users' }).click();
    await titled(page, 'Users');
    await calls.release(1);
    await calls.came(2);
    await page.getByRole('link', { name: 'Import' }).click();
    await page.getByText('1,000 created').waitFor();
    await press(page, 'Stop');
    await page.getByText('Stopped in users.ndjson. Lines done: 1,000.').and(page.locator('#import-state')).waitFor();
    await press(page, 'Lock');
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await titled(page, 'Import users');
    assert.equal(await page.locator('progress').count(), 0);
  });
});

test('what is no file to import is told at the field', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await press(page, 'Import');
    await page.locator('.field .error').getByText('Choose a file.').waitFor();
    await page.getByLabel('File').setInputFiles(file(''));
    await press(page, 'Import');
    await page.locator('.field .error').getByText('This file is empty.').waitFor();
    await page.getByLabel('File').setInputFiles(file('\n\n'));
    await press(page, 'Import');
    await finished(page, 2);
    await page.getByText('0 created, 0 there already, 0 failed').waitFor();
  });
});

test('a mark before the first line is no part of it', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await start(page, `\ufeff${users(2).join('\n')}`);
    await finished(page, 2);
    await page.getByText('2 created, 0 there already, 0 failed').waitFor();
  });
});

test('a file with other members is told what is expected, once nothing came of it', async () => {
  const format = (page) => page.getByText('The file needs one JSON object per line');
  await visit(browser, app, FAILING, async (page) => {
    await start(page, '{"mail":"a@example.test"}');
    await finished(page, 1);
    await format(page).waitFor();
    await page.getByLabel('File').setInputFiles(file(`{"mail":"a@example.test"}\n${users(1)[0]}`));
    await press(page, 'Import');
    await finished(page, 2);
    assert.equal(await format(page).count(), 0);
  });
});

test('an import speaks the language that was chosen while another view was looked at', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await start(page, '{"mail":"a@example.test"}');
    await finished(page, 1);
    await page.getByRole('link', { name: 'All users' }).click();
    await titled(page, 'Users');
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('link', { name: 'Importieren' }).click();
    await heading(page).getByText('Benutzer importieren').waitFor();
    await page.getByText('Fertig mit users.ndjson. Zeilen: 1.').and(page.locator('#import-state')).waitFor();
    await page.locator('.failures strong').getByText('Zeile 1').waitFor();
    await page.getByLabel('Datei').waitFor();
  });
});

test('an import that goes on keeps the session open, and one that waits leaves its figures', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await page.clock.install();
    const calls = await heldOneByOne(page, (route, call) => route.fulfill(
      call > 10 ? { status: 502, body: '' } : { json: { created: 1000, unchanged: 0, failed: 0, failures: [] } }));
    await start(page, users(10_500).join('\n'));
    for (let call = 1; call <= 11; call += 1) {
      await calls.came(call);
      await page.clock.runFor('01:50');
      assert.equal(await page.locator('[data-soon]:visible').count(), 0, `${call}`);
      await calls.release(call);
    }
    await page.getByText('The import waits.').waitFor();
    await page.clock.runFor('15:05');
    await page.getByText('Locked after 15 minutes without input.').waitFor();
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await page.getByText('The session ended before the import did.').waitFor();
    await page.getByText('10,000 created, 0 there already, 0 failed').waitFor();
    assert.ok(!(await page.content()).includes('users.ndjson'));
  });
});
