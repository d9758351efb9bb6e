// A file of lines, cut into pieces that a call takes: at line ends, a piece at a time, however large the file is.

/** The most bytes that a call takes. */
export const MAX_BYTES = 8 * 1024 * 1024;
/** So many lines, since an answer lists at most as many failures. */
const MAX_LINES = 1000;
/** So many passwords in clear, since a call takes no more. */
const MAX_PASSWORDS = 100;
/** The longest line that is taken. */
export const MAX_LINE = 16 * 1024;

/** The line ends of Unix, of Windows and of old Macs. */
export const LINE_END = /\r\n|\n|\r/;
const [LF, CR] = [10, 13];
// In a line that may become shorter before it is sent, so much is read.
const LONGEST = 1024 * 1024;
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

/**
 * The file if it has an object on each line; the entries of its JSON list, or its one object, on a line each; or nothing, as for
 * one object around the users.
 */
export async function asLines(file) {
  const text = (await headOf(file))?.trim();
  if (text === undefined) return undefined;
  if (text === '') return file;
  const isList = text.startsWith('[');
  if (!isList && (!text.startsWith('{') || isBraced(text))) return undefined;
  const [first, ...others] = text.split(LINE_END);
  const line = isList ? undefined : parsed(first.replace(/,\s*$/, ''));
  if (line !== undefined) return others.length === 0 && isAround(line) ? undefined : file;
  // A byte order mark is not part of the text.
  const whole = parsed(await file.text().then((all) => all.replace(/^\ufeff/, '')));
  if (whole === undefined) return isList ? undefined : file;
  if (!isList && isAround(whole)) return undefined;
  return new Blob([whole].flat().map((entry) => `${JSON.stringify(entry)}\n`));
}

/** Whether a text begins with a hash or an id such as `{SSHA}…`, which JSON never does. */
export const isBraced = (text) => /^\s*\{[\w-]+\}/.test(text);

/** Whether an object is no user, which has an address, but has others in it, as in `{"users": [{…}]}`. */
function isAround(object) {
  const members = Object.values(object);
  const isAddress = (member) => typeof member === 'string' && /^\S+@\S+$/.test(member);
  return !members.some(isAddress) && members.some(holdsObjects);
}

const holdsObjects = (value) => isCompound(value) && Object.values(value)
  .some((entry) => (isCompound(entry) && !Array.isArray(entry)) || holdsObjects(entry));

const isCompound = (value) => value !== null && typeof value === 'object';

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

/** The lines as texts, without their ends. Of one that is longer than 1 MiB, only the beginning. */
export async function* textsOf(file) {
  for await (const { line } of linesOf(file, LONGEST)) {
    yield decoder.decode(line.subarray(0, Math.min(line.length - endOf(line), LONGEST + 1)));
  }
}

/** The lines with their lengths; of one that is longer than `most`, only as much as shows that, and its end. */
async function* linesOf(file, most = MAX_LINE) {
  let rest = new Uint8Array(0);
  let dropped = 0;
  for await (const bytes of read(file)) {
    const text = joined(rest, bytes);
    let start = 0;
    for (let end = nextOf(text, start); end > 0; end = nextOf(text, start)) {
      const line = text.subarray(start, end);
      yield { line, length: line.length + dropped };
      dropped = 0;
      start = end;
    }
    rest = text.slice(start);
    if (rest.length > most + 1) {
      dropped += rest.length - (most + 1);
      rest = rest.slice(0, most + 1);
    }
  }
  if (rest.length > 0) yield { line: rest, length: rest.length + dropped };
}

/** Where the line after the one that begins at `start` begins; 0, if there is none. */
function nextOf(text, start) {
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === LF || (text[at] === CR && text[at + 1] !== LF)) return at + 1;
  }
  return 0;
}

/** How many bytes of a line are its end. */
function endOf(line) {
  if (line.at(-1) === LF) return line.at(-2) === CR ? 2 : 1;
  return line.at(-1) === CR ? 1 : 0;
}

/** The parts of a file. None ends within a line end of Windows. */
async function* read(file) {
  const reader = file.stream().getReader();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const bytes = joined(held, value);
    const end = bytes.length - (bytes.at(-1) === CR ? 1 : 0);
    held = bytes.slice(end);
    yield bytes.subarray(0, end);
  }
  yield held;
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
  const size = line.length - endOf(line);
  // Its end in its stead keeps the numbers right.
  const isOverlong = size > MAX_LINE;
  const kept = isOverlong ? line.subarray(size) : line;
  if (isOverlong) piece.overlong.push(piece.first + piece.lines);
  piece.passwords += isOverlong ? 0 : hasPassword(line);
  piece.parts.push(kept.slice());
  piece.lines += 1;
  piece.bytes += kept.length;
  piece.end += length;
}

const sealed = ({ parts, first, lines, end, overlong }) => ({ blob: new Blob(parts), first, lines, end, overlong });
