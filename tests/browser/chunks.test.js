// How the portal cuts a file into pieces. No browser: node reads files in the same way.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { workspace } from './app.js';

const source = readFileSync(join(workspace, 'components/pages/static/portal/chunks.js'), 'utf8');
const { chunks, textsOf, MAX_BYTES, MAX_LINE } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

/** A file that comes in parts of `size` bytes. */
const file = (text, size = 65_536) => {
  const bytes = Buffer.from(text);
  return {
    stream: () => new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(new Uint8Array(bytes.subarray(at, at + size)));
        controller.close();
      },
    }),
  };
};

async function pieces(given) {
  const all = [];
  for await (const { blob, ...piece } of chunks(given)) all.push({ ...piece, text: await blob.text(), size: blob.size });
  return all;
}

async function texts(text) {
  const all = [];
  for await (const line of textsOf(file(text))) all.push(line);
  return all;
}

test('the pieces are the file, whatever parts it comes in', async () => {
  const text = Array.from({ length: 2345 }, (_, index) => `{"email":"ü${index}@example.test"}`).join('\n');
  for (const size of [7, 1000, 10_000_000]) {
    const cut = await pieces(file(text, size));
    assert.equal(cut.map((piece) => piece.text).join(''), text);
    assert.deepEqual(cut.map(({ first, lines }) => [first, lines]), [[1, 1000], [1001, 1000], [2001, 345]]);
    assert.equal(cut.at(-1).end, Buffer.byteLength(text));
  }
});

test('no piece is larger than a call takes, or has more passwords in clear', async () => {
  const long = `{"email":"a@example.test","locale":"${'x'.repeat(16_000)}"}\n`;
  const cut = await pieces(file(long.repeat(1500)));
  assert.ok(cut.length > 2);
  for (const { size, text } of cut) {
    assert.ok(size <= MAX_BYTES, `${size}`);
    assert.ok(text.endsWith('\n'));
  }
  const secret = await pieces(file('{"email":"a@b.c","password" : "p"}\n{"email":"b@b.c","password_hash":"h"}\n'.repeat(150)));
  assert.deepEqual(secret.map(({ text }) => text.match(/"password" :/g).length), [100, 50]);
});

test('a line that is longer than any may be is left out, and the others keep their numbers', async () => {
  const cut = await pieces(file(`one\n${'x'.repeat(MAX_LINE + 1)}\nthree`));
  assert.deepEqual(cut.map(({ text, overlong, lines }) => [text, overlong, lines]), [['one\n\nthree', [2], 3]]);
  const large = 9 * 1024 * 1024;
  const [{ text, end }] = await pieces(file(`${'x'.repeat(large)}\na`));
  assert.deepEqual([text, end], ['\na', large + 2]);
});

test('a mark before the first character is left out, and counts as read', async () => {
  const read = async (text, size) => (await pieces(file(text, size))).map(({ text: cut, lines, end }) => [cut, lines, end]);
  for (const size of [1, 2, 65_536]) {
    assert.deepEqual(await read('\ufeffa\n\ufeffb', size), [['a\n\ufeffb', 2, 9]]);
  }
  assert.deepEqual(await read('\ufeff'), []);
});

test('an empty file has no pieces, and lines may end as on Windows or on old Macs, whatever parts they come in', async () => {
  assert.deepEqual(await pieces(file('')), []);
  for (const end of ['\r\n', '\r']) {
    const text = Array.from({ length: 1001 }, (_, index) => `${index}${end}`).join('');
    for (const size of [1, 2, 3, 65_536]) {
      const cut = await pieces(file(text, size));
      assert.deepEqual(cut.map(({ first, lines }) => [first, lines]), [[1, 1000], [1001, 1]], JSON.stringify([end, size]));
      assert.equal(cut.map((piece) => piece.text).join(''), text);
      assert.equal(cut.at(-1).end, text.length);
    }
  }
  assert.deepEqual((await pieces(file('a\rb\r\nc\n\nd\r\re'))).map(({ lines }) => lines), [7]);
  assert.deepEqual(await texts('\ufeffa\rb\r\nc\n\nd\r\r\ufeffe'), ['a', 'b', 'c', '', 'd', '', 'e']);
});

test('a line that is too long keeps its line end', async () => {
  const long = 'x'.repeat(MAX_LINE + 1);
  for (const end of ['\r', '\r\n', '\n']) {
    for (const size of [1000, MAX_LINE + 2, 65_536]) {
      const [{ text, overlong, lines, end: read }] = await pieces(file(['a', long, 'x'.repeat(MAX_LINE), 'b'].join(end), size));
      assert.deepEqual(
        [text, overlong, lines, read], [['a', '', 'x'.repeat(MAX_LINE), 'b'].join(end), [2], 4, 2 * MAX_LINE + 3 + 3 * end.length],
        JSON.stringify([end, size]));
    }
  }
});
