// A file of lines, cut into pieces that a call takes: at line ends, a piece at a time, however large the file is.

/** The most bytes that a call takes. */
export const MAX_BYTES = 8 * 1024 * 1024;
/** So many lines, since an answer lists at most as many failures. */
const MAX_LINES = 1000;
/** So many passwords in clear, since a call takes no more. */
const MAX_PASSWORDS = 100;
/** The longest line that is taken. */
export const MAX_LINE = 16 * 1024;

const NEWLINE = 10;
// What some editors put before the first character: the byte order mark of UTF-8.
const MARK = [0xef, 0xbb, 0xbf];
const decoder = new TextDecoder();

/** How much of a file is looked at to tell what it is. */
const HEAD = 64 * 1024;

/** The beginning of a file as text. Nothing, if it is none. */
export async function headOf(file) {
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  // UTF-16 and compressed files have zero bytes, and text has none.
  return head.includes(0) ? undefined : decoder.decode(head);
}

/** The file if it has an object on each line; the entries of its JSON list, or its one object, on a line each; or nothing. */
export async function asLines(file) {
  const text = (await headOf(file))?.trim();
  if (text === undefined) return undefined;
  if (text === '') return file;
  if (text.startsWith('[')) return rewritten(file);
  const [first] = text.split('\n');
  if (first.startsWith('{') && parsed(first.replace(/,\s*$/, '')) === undefined) return await rewritten(file) ?? file;
  return /^\s*\{/m.test(text) ? file : undefined;
}

async function rewritten(file) {
  // A byte order mark is not part of the text.
  const value = parsed(await file.text().then((text) => text.replace(/^\ufeff/, '')));
  if (value === undefined) return undefined;
  return new Blob([value].flat().map((entry) => `${JSON.stringify(entry)}\n`));
}

/** What `text` is as JSON, or nothing. */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The pieces of `file`: `{blob, first, lines, end, overlong}`, with the number of the first line, how many there are, the bytes
 * of the file up to the end, and the numbers of lines that are longer than any may be and are left out.
 */
export async function* chunks(file) {
  let piece = empty(1, 0);
  for await (const { line, length } of unmarked(linesOf(file))) {
    if (isFull(piece, line)) {
      yield sealed(piece);
      piece = empty(piece.first + piece.lines, piece.end);
    }
    add(piece, line, length);
  }
  if (piece.lines > 0) yield sealed(piece);
}

/** The lines without a mark before the first of them; its length counts. */
async function* unmarked(lines) {
  let isFirst = true;
  for await (const { line, length } of lines) {
    const isMarked = isFirst && MARK.every((byte, index) => line[index] === byte);
    isFirst = false;
    const kept = isMarked ? line.subarray(MARK.length) : line;
    if (kept.length > 0) yield { line: kept, length };
  }
}

/** The lines with their lengths; of one that is longer than any may be, only as much as shows that. */
async function* linesOf(file) {
  let rest = new Uint8Array(0);
  let dropped = 0;
  for await (const bytes of read(file)) {
    const text = joined(rest, bytes);
    let start = 0;
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
      const line = text.subarray(start, end + 1);
      yield { line, length: line.length + dropped };
      dropped = 0;
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > MAX_LINE + 1) {
      dropped += rest.length - (MAX_LINE + 1);
      rest = rest.slice(0, MAX_LINE + 1);
    }
  }
  if (rest.length > 0) yield { line: rest, length: rest.length + dropped };
}

async function* read(file) {
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function joined(rest, bytes) {
  if (rest.length === 0) return bytes;
  const both = new Uint8Array(rest.length + bytes.length);
  both.set(rest);
  both.set(bytes, rest.length);
  return both;
}

const empty = (first, end) => ({ first, end, lines: 0, bytes: 0, passwords: 0, parts: [], overlong: [] });

const hasPassword = (line) => (/"password"\s*:/.test(decoder.decode(line)) ? 1 : 0);

const isFull = (piece, line) => piece.lines >= MAX_LINES
  || piece.bytes + line.length > MAX_BYTES
  || (piece.passwords >= MAX_PASSWORDS && hasPassword(line) > 0);

function add(piece, line, length) {
  // An empty line in its stead keeps the numbers right.
  const isOverlong = line.length - (line.at(-1) === NEWLINE ? 1 : 0) > MAX_LINE;
  const kept = isOverlong ? Uint8Array.of(NEWLINE) : line;
  if (isOverlong) piece.overlong.push(piece.first + piece.lines);
  piece.passwords += isOverlong ? 0 : hasPassword(line);
  piece.parts.push(kept.slice());
  piece.lines += 1;
  piece.bytes += kept.length;
  piece.end += length;
}

const sealed = ({ parts, first, lines, end, overlong }) => ({ blob: new Blob(parts), first, lines, end, overlong });
