// How the portal reads a file of users, without a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { workspace } from './app.js';

/** A script of the portal as an address that node imports as a module, with all that it imports. */
function addressOf(name) {
  const source = readFileSync(join(workspace, 'components/pages/static/portal', name), 'utf8');
  const whole = source.replace(/from '\.\/([a-z]+\.js)'/g, (_, other) => `from '${addressOf(other)}'`);
  return `data:text/javascript;base64,${Buffer.from(whole).toString('base64')}`;
}

const { rowsOf, separatorOf } = await import(addressOf('csv.js'));
const { guess, mapped, open } = await import(addressOf('table.js'));

const rows = (text) => [...rowsOf(text, separatorOf(text))].map(({ line, cells }) => [line, ...cells]);
const opened = (text) => open(new Blob([text]));
const linesOf = async (table, mapping, extra = {}) => (await (await table.lines(mapping, extra)).text()).split('\n');

test('a table’s rows come with the lines on which they begin, whatever its separators and line ends', () => {
  for (const separator of [',', ';', '\t']) {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = [['a', ' b '], ['"x""y"', `"1${separator}2"`], ['"over', 'two'], ['c', '']].map((row) => row.join(separator));
      const whole = [text[0], '', text[1], `"over${end}two"${separator}z`, text[3]].join(end);
      assert.deepEqual(
        rows(whole), [[1, 'a', 'b'], [3, 'x"y', `1${separator}2`], [4, `over${end === '\r\n' ? '\r\n' : end}two`, 'z'], [6, 'c', '']],
        JSON.stringify([separator, end]));
    }
  }
});

test('the separator is the most frequent outside of quotes, and a row may have quotes within a cell', () => {
  assert.equal(separatorOf('"a;b;c";d,e,f'), ',');
  assert.equal(separatorOf('email'), ',');
  assert.deepEqual(rows('a,b "c" d,""'), [[1, 'a', 'b "c" d', '']]);
  assert.deepEqual(rows('a,"never closed\nb'), [[1, 'a', 'never closed\nb']]);
  assert.deepEqual(rows('\n \n'), []);
});

test('columns are guessed by what people call them, each member once', () => {
  const guessed = (...columns) => guess(columns, []);
  for (const name of ['email', 'E-Mail', 'mail', 'Email Address', 'EMAIL_ADDRESS']) assert.deepEqual(guessed(name), ['email'], name);
  for (const name of ['id', 'UID', 'user_id', 'User ID', 'sub']) assert.deepEqual(guessed(name), ['id'], name);
  assert.deepEqual(guessed('mail', 'E-Mail', 'Name', 'Language', 'password_hash'), ['email', '', '', 'locale', 'password_hash']);
  // Only its content shows what it is.
  assert.deepEqual(guess(['Kontakt', 'Ort'], [{ Kontakt: 'ann@example.test', Ort: 'Bonn' }]), ['email', '']);
});

test('a user has the members that were chosen, in the forms that the contract takes', () => {
  const user = { mail: ' ', uid: 7, off: 'Yes', change: 'maybe', name: 'Ann' };
  assert.deepEqual(
    mapped(user, [['mail', 'email'], ['uid', 'id'], ['off', 'disabled'], ['change', 'change_on_next_sign_in']], { reason: 'so' }),
    { email: ' ', id: '7', disabled: true, change_on_next_sign_in: 'maybe', reason: 'so' });
  assert.deepEqual(mapped({ mail: '', uid: null }, [['mail', 'email'], ['uid', 'id']]), {});
});

test('the lines of a table keep the numbers that they have in the file', async () => {
  const table = await opened('\ufeffmail;name\r\na@example.test;"A\r\nB"\r\n\r\nc@example.test;C\r\n');
  assert.deepEqual([table.columns, table.isNamed], [['mail', 'name'], false]);
  assert.deepEqual(await linesOf(table, [['mail', 'email']]), ['', '{"email":"a@example.test"}', '', '', '{"email":"c@example.test"}', '']);
  const bare = await opened('a@example.test,Ann\nb@example.test,Bo\n');
  assert.deepEqual([bare.columns, guess(bare.columns, bare.first)], [['1', '2'], ['email', '']]);
  assert.deepEqual(await linesOf(bare, [['1', 'email']]), ['{"email":"a@example.test"}', '{"email":"b@example.test"}', '']);
  const doubled = await opened('email,email\na@example.test,b@example.test\n');
  assert.deepEqual(doubled.columns, ['email', '2']);
});

test('lines of the contract’s own members stay as they are, unless there is a reason to add', async () => {
  const text = '{"email":"a@example.test"}\n\nno json\n{"email":"b@example.test","reason":"own"}\n';
  const table = await opened(text);
  assert.equal(table.isNamed, true);
  assert.equal(await (await table.lines([], {})).text(), text);
  assert.deepEqual(await linesOf(table, [], { reason: 'given' }), [
    '{"email":"a@example.test","reason":"given"}', '', 'no json', '{"email":"b@example.test","reason":"given"}', '']);
  const list = await opened('[{"mail":"a@example.test","tags":["x"]},7]');
  assert.deepEqual([list.columns, list.isNamed], [['mail', 'tags'], false]);
  assert.deepEqual(await linesOf(list, [['mail', 'email']]), ['{"email":"a@example.test"}', '7', '']);
});

test('what is neither a table nor JSON is nothing', async () => {
  for (const other of ['<users/>', '[{"email":1},]', 'Dear all', 'PK\u0003\u0004\u0000\u0000']) assert.equal(await opened(other), undefined, other);
});

test('columns that only later users have are columns, each with the first value in it', async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => ({ mail: `${index}@example.test`, ...(index >= 2000 && { uid: `id-${index}`, note: index > 2000 ? 'here' : ' ' }) }));
  const table = await opened(lines.map((line) => JSON.stringify(line)).join('\n'));
  assert.deepEqual([table.columns, table.isNamed], [['mail', 'uid', 'note'], false]);
  assert.deepEqual([...table.samples], [['mail', '0@example.test'], ['uid', 'id-2000'], ['note', 'here']]);
  const written = await linesOf(table, [['mail', 'email'], ['uid', 'id']]);
  assert.equal(written[2000], '{"email":"2000@example.test","id":"id-2000"}');
  // A late name of another product is one to choose about, too.
  const named = await opened(`${'{"email":"a@example.test"}\n'.repeat(3000)}{"email":"b@example.test","uid":"b"}`);
  assert.deepEqual([named.columns, named.isNamed], [['email', 'uid'], false]);
  const cells = await opened(`mail,note\n${'a@example.test,\n'.repeat(60)}b@example.test,late\n`);
  assert.deepEqual([...cells.samples], [['mail', 'a@example.test'], ['note', 'late']]);
});

test('members of a line that is longer than a call takes can be left out', async () => {
  const table = await opened(`{"mail":"a@example.test"}\n{"mail":"b@example.test","profile":"${'x'.repeat(100_000)}","uid":"b"}\n`);
  assert.deepEqual(table.columns, ['mail', 'profile', 'uid']);
  assert.deepEqual(await linesOf(table, [['mail', 'email'], ['uid', 'id']]), [
    '{"email":"a@example.test"}', '{"email":"b@example.test","id":"b"}', '']);
  // What is longer still is no user, even if its beginning and its end look like one.
  const [beginning, end] = ['{"mail":"c@example.test","profile":"', '","uid":"c"}'];
  const longer = await opened(`{"mail":"a@example.test"}\n${beginning}${'x'.repeat(3_000_000)}${end}\n`);
  assert.deepEqual(longer.columns, ['mail']);
  const [, left] = await linesOf(longer, [['mail', 'email']]);
  assert.ok(left.startsWith(beginning) && left.length > 16_384);
});

test('a table may begin with hashes whose scheme is in braces', async () => {
  for (const hash of ['{SSHA}aBcD==', '{bcrypt}$2b$04$abc', '{3F2504E0-4F89-11D3-9A0C-0305E82C3301}']) {
    const table = await opened(`userPassword,mail\n${hash},a@example.test\n${hash},b@example.test\n`);
    assert.deepEqual([table.columns, table.first[1]], [['userPassword', 'mail'], { userPassword: hash, mail: 'b@example.test' }], hash);
    const bare = await opened(`${hash},a@example.test\n`);
    assert.deepEqual(bare.first, [{ 1: hash, 2: 'a@example.test' }], hash);
  }
});

test('lines may end as on old Macs', async () => {
  const table = await opened('{"mail":"a@example.test"}\r\rno json\r{"mail":"b@example.test"},\r');
  assert.deepEqual(table.columns, ['mail']);
  assert.deepEqual(await linesOf(table, [['mail', 'email']]), ['{"email":"a@example.test"}', '', 'no json', '{"email":"b@example.test"}', '']);
  const named = await opened('{"email":"a@example.test"}\r{"email":"b@example.test"}\r');
  assert.equal(named.isNamed, true);
  const rowed = await opened('mail,uid\ra@example.test,a\r\rb@example.test,b\r');
  assert.deepEqual(await linesOf(rowed, [['mail', 'email']]), ['', '{"email":"a@example.test"}', '', '{"email":"b@example.test"}', '']);
});

test('one object around the users is nothing, and one user is a user', async () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({ localId: `${index}`, email: `${index}@example.test` }));
  for (const around of [{ users: many.slice(0, 1) }, { users: many }, { data: { users: many } }, { users: { a: many[0] } }, { realm: 'x', users: many }]) {
    for (const indent of [0, 2]) {
      const text = JSON.stringify(around, null, indent);
      assert.equal(await opened(text), undefined, text.slice(0, 60));
      assert.equal(await opened(`\ufeff\n${text}\n`), undefined, text.slice(0, 60));
    }
  }
  for (const user of [{ mail: 'a@example.test', identities: [{ provider: 'x' }] }, { uid: '1', address: { city: 'Bonn' } }]) {
    for (const indent of [0, 2]) {
      const table = await opened(JSON.stringify(user, null, indent));
      assert.deepEqual(table.first, [user]);
    }
  }
});
