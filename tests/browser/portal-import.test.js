// Importing users from a file in the portal.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startApp } from './app.js';
import { heading, launch, visit } from './browser.js';
import { until } from './limits.js';
import { press, signIn } from './portal-steps.js';
import { speak, titled } from './steps.js';

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

/** Lines for this many new users, with ids of their own. */
const users = (count) => {
  const prefix = randomBytes(5).toString('hex');
  return Array.from({ length: count }, (_, index) => JSON.stringify({ id: `${prefix}-${index}`, email: `${prefix}-${index}@example.test` }));
};

async function start(page, text) {
  await signIn(page, app.key, '#/import');
  await opened(page, text);
  await press(page, 'Import');
}

/** Chooses a file and goes on to what it holds. */
async function opened(page, text, name) {
  await page.getByLabel('File').setInputFiles(file(text, name));
  await press(page, 'Next');
  await page.getByRole('heading', { name: 'Check the file' }).waitFor();
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
    await page.getByText('2 created, 0 already existed, 5 failed').waitFor();
    const failures = await page.locator('.failures > li').allInnerTexts();
    const told = failures.map((text) => text.replace(/\s+/g, ' ')).sort();
    assert.equal(told.length, 5);
    assert.match(told[0], /^Line 2 Another user already has this address or ID\.$/);
    assert.match(told[1], /^Line 4 Not in the expected format: \/email is missing$/);
    assert.match(told[2], /^Line 5 Not in the expected format: is not valid JSON$/);
    assert.match(told[3], /^Line 6 The password can’t be used\.$/);
    assert.match(told[4], /^Line 7 Longer than 16 KiB\.$/);
    assert.equal(await page.locator('progress').evaluate((bar) => bar.value / bar.max), 1);
    // And again: nothing is created twice.
    await press(page, 'Import');
    await page.getByText('0 created, 2 already existed, 5 failed').waitFor();
  });
});

test('a JSON list is imported, also with a byte order mark, and its entries are numbered', async () => {
  const list = [...users(2), '{"mail":1}'];
  await visit(browser, app, FAILING, async (page) => {
    await start(page, `\ufeff[${list.join(',\r\n')}]`);
    await finished(page, 3);
    await page.getByText('2 created, 0 already existed, 1 failed').waitFor();
    await page.locator('.failures strong').getByText('Line 3').waitFor();
  });
});

test('a file of another kind is refused once, before anything is sent', async () => {
  await visit(browser, app, FAILING, async (page) => {
    let calls = 0;
    page.on('request', (request) => {
      if (request.url().includes('/v1/admin/users/import')) calls += 1;
    });
    await signIn(page, app.key, '#/import');
    const around = { users: [{ localId: '1', email: 'a@example.test' }] };
    for (const other of [
      'PK\u0003\u0004\u0000', '[{"email":"a@example.test"},]', '<html>a, b</html>', 'nothing of the kind', Buffer.from('[{}]', 'utf16le'),
      JSON.stringify(around), JSON.stringify(around, null, 2), JSON.stringify({ data: around }), '{"users":{"a":{"email":"a@example.test"}}}',
    ]) {
      await page.getByLabel('File').setInputFiles(file(other));
      await press(page, 'Next');
      await page.locator('.field .error').getByText('Nothing was imported.').waitFor();
    }
    assert.equal(calls, 0);
    assert.equal(await page.getByRole('heading', { name: 'Check the file' }).count(), 0);
  });
});

test('a table is imported by what its columns are called, or by what somebody says that they hold', async () => {
  const prefix = randomBytes(5).toString('hex');
  const csv = (separator) => [
    ['Full name', 'E-Mail', 'UID', 'Where', 'pwd'],
    ['"Ann ""the first"" B"', `${prefix}-1@example.test`, `${prefix}-1`, 'de', 'secret-1'],
    ['"Bo\r\nC"', `${prefix}-2@example.test`, `${prefix}-2`, 'fr', 'secret-2'],
    ['Dora', 'no address', `${prefix}-3`, '', ''],
  ].map((cells) => cells.join(separator)).join('\r\n');
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, `\ufeff${csv(';')}`, 'users.csv');
    assert.ok(await page.getByRole('heading', { name: 'Check the file' }).evaluate((one) => one === document.activeElement));
    const holds = async (column) => page.getByLabel(`Column “${column}”`).locator('option:checked').textContent();
    assert.deepEqual(
      [await holds('Full name'), await holds('E-Mail'), await holds('UID'), await holds('Where'), await holds('pwd')],
      ['Don’t import', 'Email address', 'ID', 'Don’t import', 'Don’t import']);
    await page.getByText('For example: Ann "the first" B').waitFor();
    assert.ok(!(await page.content()).includes('secret-1'), 'a password shows');
    await page.getByLabel('Column “Where”').selectOption({ label: 'Language' });
    const first = page.locator('.rows > li').filter({ hasText: `${prefix}-1@example.test` });
    await first.getByText('de', { exact: true }).waitFor();
    await page.getByLabel('Column “Full name”').selectOption({ label: 'ID' });
    await press(page, 'Import');
    await page.locator('.field .error').getByText('Another column already contains this.').waitFor();
    await page.getByLabel('Column “Full name”').selectOption({ label: 'Don’t import' });
    await page.getByLabel('Reason').fill('from the old system');
    await press(page, 'Import');
    await page.getByText('2 created, 0 already existed, 1 failed').waitFor();
    // The number of the line in the file, in which a cell spans two lines.
    await page.locator('.failures strong').getByText('Line 5').waitFor();
    const user = await app.user(`${prefix}-2`);
    assert.deepEqual([user.email, user.locale, user.credential], [`${prefix}-2@example.test`, 'fr', null]);
    assert.equal((await app.events(user.id))[0].reason, 'from the old system');
  });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    for (const separator of [',', '\t']) {
      await opened(page, csv(separator), 'users.txt');
      await press(page, 'Check only');
      await page.getByText('0 would be created').or(page.getByText('would fail')).first().waitFor();
      assert.equal(await page.getByLabel('Column “UID”').count(), 1);
    }
  });
});

test('a list of addresses needs no names above it', async () => {
  const [one, other] = users(2).map((line) => JSON.parse(line).email);
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, `${one}\n${other}\n`, 'addresses.txt');
    await press(page, 'Import');
    await page.getByText('2 created, 0 already existed, 0 failed').waitFor();
  });
});

test('the example of a column is the first value in it, and an empty column has none', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, 'email,note,city\nann@example.test,,\nbob@example.test,,Bonn\n', 'users.csv');
    await page.getByText('For example: Bonn').waitFor();
    assert.equal(await page.getByText('For example:').count(), 2);
    assert.match(await page.getByLabel('Column “note”').getAttribute('aria-describedby'), /^column-1-\d+-error$/);
  });
});

test('a table without addresses cannot be imported', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, 'name,city\nAnn,Bonn\n', 'users.csv');
    await press(page, 'Import');
    await page.locator('.summary').getByText('Choose the column that contains the email addresses.').waitFor();
  });
});

test('JSON with members of another product is imported by what they hold', async () => {
  const prefix = randomBytes(5).toString('hex');
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, JSON.stringify([
      { uid: 7, mail: `${prefix}-7@example.test`, roles: ['a'] }, { uid: `${prefix}-8`, mail: `${prefix}-8@example.test`, blocked: true },
    ]), 'users.json');
    await page.getByLabel('Column “blocked”').selectOption({ label: 'Don’t import' });
    await page.getByText('For example: ["a"]').waitFor();
    await press(page, 'Import');
    await page.getByText('2 created, 0 already existed, 0 failed').waitFor();
    assert.equal((await app.user(`${prefix}-8`)).email, `${prefix}-8@example.test`);
    assert.equal((await app.user('7')).email, `${prefix}-7@example.test`);
  });
});

test('what only later users of a file have is shown before it is imported, and is imported with them', async () => {
  const prefix = randomBytes(5).toString('hex');
  const hash = '$2b$04$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const lines = Array.from({ length: 60 }, (_, index) => JSON.stringify({
    mail: `${prefix}-${index}@example.test`, ...(index >= 55 && { uid: `${prefix}-${index}`, passwordHash: hash }) }));
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, lines.join('\n'));
    const holds = async (column) => page.getByLabel(`Column “${column}”`).locator('option:checked').textContent();
    assert.deepEqual([await holds('uid'), await holds('passwordHash')], ['ID', 'Password hash']);
    await page.getByText(`For example: ${prefix}-55`, { exact: true }).waitFor();
    await press(page, 'Import');
    await page.getByText('60 created, 0 already existed, 0 failed').waitFor();
    const user = await app.user(`${prefix}-58`);
    assert.equal(user.email, `${prefix}-58@example.test`);
    assert.notEqual(user.credential, null);
  });
});

test('a table whose first column has hashes in braces is a table', async () => {
  const prefix = randomBytes(5).toString('hex');
  const rows = [1, 2].map((index) => `{SSHA}aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcd,${prefix}-${index}@example.test`);
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, ['userPassword,mail', ...rows].join('\n'), 'ldap.csv');
    assert.equal(await page.getByLabel('Column “userPassword”').locator('option:checked').textContent(), 'Password hash');
    await page.locator('.rows > li').filter({ hasText: `${prefix}-2@example.test` }).waitFor();
  });
});

test('the lines of a file from an old Mac are numbered, too', async () => {
  const [one, other] = users(2);
  const long = JSON.stringify({ email: 'a@example.test', locale: 'x'.repeat(17_000) });
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    const failed = async () => (await page.locator('.failures strong').allInnerTexts()).sort();
    await opened(page, [one, '', '{"email":"bad"}', long, 'no json', other].join('\r'));
    await press(page, 'Import');
    await finished(page, 6);
    await page.getByText('2 created, 0 already existed, 3 failed').waitFor();
    assert.deepEqual(await failed(), ['Line 3', 'Line 4', 'Line 5']);
    // And so are those of a table.
    await opened(page, ['mail,uid', 'bad,x', '', `${JSON.parse(one).email},${JSON.parse(one).id}`, 'worse,y'].join('\r'), 'users.csv');
    await press(page, 'Check only');
    await page.getByText('0 would be created, 1 already exist, 2 would fail').waitFor();
    assert.deepEqual(await failed(), ['Line 2', 'Line 5']);
  });
});

test('a file is checked without importing anything, and its failures are a file', async () => {
  const taken = await app.createUser();
  const [good] = users(1);
  const { id, email } = JSON.parse(good);
  const bad = `=${randomBytes(4).toString('hex')}`;
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key, '#/import');
    await opened(page, [good, JSON.stringify({ email: taken.email }), JSON.stringify({ id: bad, email: 'a, "b"' })].join('\n'));
    await press(page, 'Check only');
    await page.getByText('Checked users.ndjson. Nothing was imported. Lines: 3.').and(page.locator('#import-state')).waitFor();
    await page.getByText('1 would be created, 0 already exist, 2 would fail').waitFor();
    assert.equal((await app.user(id)).status, 404);
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download as CSV')]);
    assert.match(download.suggestedFilename(), /^failures-\d{4}-\d\d-\d\d\.csv$/);
    const rows = readFileSync(await download.path(), 'utf8').split('\r\n');
    assert.equal(rows[0], '"line","id","email","code","detail"');
    assert.match(rows[1], new RegExp(`^"2","","${taken.email}","conflict",`));
    // A spreadsheet takes text that begins like this for a formula.
    assert.match(rows[2], new RegExp(`^"3","'${bad}","a, ""b""","validation-failed",`));
    await press(page, 'Import');
    await page.getByText('1 created, 0 already existed, 2 failed').waitFor();
    assert.equal((await app.user(id)).email, email);
  });
});

test('all users are exported as a file that an import takes', async () => {
  const user = await app.createUser();
  await visit(browser, app, FAILING, async (page) => {
    await signIn(page, app.key);
    const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Export')]);
    assert.match(download.suggestedFilename(), /^users-\d{4}-\d\d-\d\d\.ndjson$/);
    const text = readFileSync(await download.path(), 'utf8');
    const exported = text.trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(exported.find(({ id }) => id === user.id).email, user.email);
    assert.ok(!text.includes('argon2'));
    await page.goto('/portal#/import');
    await page.getByLabel('File').setInputFiles(file(text));
    await press(page, 'Next');
    await press(page, 'Check only');
    await page.getByText(`0 would be created, ${new Intl.NumberFormat('en').format(exported.length)} already exist, 0 would fail`).waitFor();
    // More than one call returns.
    await page.route('**/v1/admin/users/export*', (route) => {
      const isFirst = !route.request().url().includes('cursor');
      const headers = { 'Content-Type': 'application/x-ndjson', ...(isFirst && { Link: '</v1/admin/users/export?cursor=2>; rel="next"' }) };
      return route.fulfill({ headers, body: isFirst ? '{"id":"a"}\n' : '{"id":"b"}\n' });
    });
    await page.getByRole('link', { name: 'All users' }).click();
    const [longer] = await Promise.all([page.waitForEvent('download'), press(page, 'Export')]);
    assert.equal(readFileSync(await longer.path(), 'utf8'), '{"id":"a"}\n{"id":"b"}\n');
    await page.unroute('**/v1/admin/users/export*');
    await page.route('**/v1/admin/users/export', (route) => route.abort());
    await press(page, 'Export');
    await page.getByRole('alert').getByText('We can’t reach the server.').waitFor();
  });
});

test('a large file goes in pieces that a call takes, at line ends', async () => {
  const lines = users(2500);
  // A call accepts a hundred passwords in clear, including those that the policy refuses.
  const passwords = Array.from({ length: 101 }, (_, index) => JSON.stringify({
    email: `p${index}-${randomBytes(4).toString('hex')}@example.test`, password: '12345' }));
  await visit(browser, app, FAILING, async (page) => {
    let calls = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/import')) calls += 1;
    });
    await start(page, [...lines, ...passwords].join('\r\n'));
    await finished(page, '2,601');
    await page.getByText('2,500 created, 0 already existed, 101 failed').waitFor();
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
    await page.getByText('Import paused.').waitFor();
    await page.getByRole('alert').getByText('We can’t reach the server.').waitFor();
    await press(page, 'Resume');
    await finished(page, '1,500');
    await page.getByText('1,500 created, 0 already existed, 0 failed').waitFor();
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
    await page.getByText('Stopped while importing users.ndjson. Lines done: 1,000.').and(page.locator('#import-state')).waitFor();
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
    await press(page, 'Next');
    await page.locator('.field .error').getByText('Choose a file.').waitFor();
    await page.getByLabel('File').setInputFiles(file(''));
    await press(page, 'Next');
    await page.locator('.field .error').getByText('This file is empty.').waitFor();
    await opened(page, '\n\n');
    await page.getByText('No users found at the start of the file.').waitFor();
    await press(page, 'Import');
    await finished(page, 2);
    await page.getByText('0 created, 0 already existed, 0 failed').waitFor();
  });
});

test('a mark before the first line is no part of it', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await start(page, `\ufeff${users(2).join('\n')}`);
    await finished(page, 2);
    await page.getByText('2 created, 0 already existed, 0 failed').waitFor();
  });
});

test('an import speaks the language that was chosen while another view was looked at', async () => {
  await visit(browser, app, FAILING, async (page) => {
    await start(page, '{"email":"a"}');
    await finished(page, 1);
    await page.getByRole('link', { name: 'All users' }).click();
    await titled(page, 'Users');
    await speak(page, 'de');
    await page.getByRole('link', { name: 'Importieren' }).click();
    await heading(page).getByText('Benutzer importieren').waitFor();
    await page.getByText('users.ndjson ist fertig. Zeilen: 1.').and(page.locator('#import-state')).waitFor();
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
    await page.getByText('Import paused.').waitFor();
    await page.clock.runFor('15:05');
    await page.getByText('Locked after 15 minutes of inactivity.').waitFor();
    await page.getByLabel('API key').fill(app.key);
    await press(page, 'Sign in');
    await page.getByText('Your session ended before the import finished.').waitFor();
    await page.getByText('10,000 created, 0 already existed, 0 failed').waitFor();
    assert.ok(!(await page.content()).includes('users.ndjson'));
  });
});
