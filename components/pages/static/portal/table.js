// What a file of users holds, whatever its form: its columns, its first users, and all of them as lines of JSON.

import { asLines, headOf, isBraced, parsed, textsOf } from './chunks.js';
import { rowsOf, separatorOf } from './csv.js';

/** The members that a user may have in an import. */
export const MEMBERS = ['email', 'id', 'locale', 'password', 'password_hash', 'change_on_next_sign_in', 'disabled', 'created_at'];
// What other products call them, in lower case and without punctuation.
const NAMES = {
  email: ['email', 'mail', 'emailaddress', 'primaryemail', 'useremail'],
  id: ['id', 'uid', 'userid', 'sub', 'subject', 'externalid', 'uuid'],
  locale: ['locale', 'lang', 'language', 'preferredlanguage'],
  password: ['password', 'initialpassword', 'temporarypassword'],
  password_hash: ['passwordhash', 'hash', 'hashedpassword', 'encryptedpassword', 'userpassword'],
  change_on_next_sign_in: ['changeonnextsignin', 'mustchange', 'mustchangepassword', 'forcepasswordchange'],
  disabled: ['disabled', 'blocked', 'suspended'],
  created_at: ['createdat', 'created', 'creationdate'],
};
const TRUTHS = { true: true, yes: true, 1: true, false: false, no: false, 0: false };
const BOOLEANS = ['change_on_next_sign_in', 'disabled'];
// So many users are kept to be looked at.
const LOOKED_AT = 50;

/** Whether what stands in a column may be a secret. */
export const isSecret = (column, member) => /pass|pwd|hash|secret/i.test(`${column} ${member}`);

/**
 * Opens a file: `{columns, samples, first, lines, isNamed}`, with the names of the columns, the first value in each that is not
 * blank, some users by these, a function that gives all as a blob of lines, and whether all columns are members already. Nothing,
 * if it is no such file.
 */
export async function open(file) {
  const lines = await asLines(file);
  if (lines) return ofLines(lines);
  const head = await headOf(file);
  return head && isTable(head) ? ofTable(await file.text()) : undefined;
}

/** For each column the member that it seems to be, or an empty text. */
export function guess(columns, first) {
  const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  const found = columns.map((column) => MEMBERS.find((member) => NAMES[member].includes(plain(column))) ?? '');
  if (!found.includes('email')) {
    const holds = columns.findIndex((column, index) => found[index] === '' && first.some((user) => /^\S+@\S+\.\S+$/.test(user[column])));
    if (holds >= 0) found[holds] = 'email';
  }
  return found.map((member, index) => (found.indexOf(member) === index ? member : ''));
}

/** The user with the members that `mapping`, pairs of a column and a member, makes of the columns. */
export function mapped(user, mapping, extra = {}) {
  const members = mapping.map(([column, member]) => [member, valueOf(user[column], member)]);
  return { ...Object.fromEntries(members.filter(([, value]) => value !== undefined && value !== null && value !== '')), ...extra };
}

function valueOf(value, member) {
  if (typeof value !== 'string') return typeof value === 'number' && member === 'id' ? String(value) : value;
  return BOOLEANS.includes(member) ? TRUTHS[value.toLowerCase()] ?? value : value;
}

function isTable(head) {
  // What begins so is JSON or a page, and a broken one.
  if (/^\s*[[{<]/.test(head) && !isBraced(head)) return false;
  const [line] = head.split(/[\r\n]/, 1);
  const cells = line.split(separatorOf(head));
  return cells.length > 1 || /@|mail/i.test(line);
}

function ofTable(text) {
  const plain = text.replace(/^\ufeff/, '');
  const separator = separatorOf(plain);
  const [{ line: top, cells: names }] = rowsOf(plain, separator);
  // A list of addresses often has no names above it.
  const isHeaded = !names.some((name) => name.includes('@'));
  const columns = names.map((name, index) => (isHeaded && name && names.indexOf(name) === index ? name : `${index + 1}`));
  const userOf = (cells) => Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  function* users() {
    for (const { line, cells } of rowsOf(plain, separator)) {
      if (!isHeaded || line > top) yield { line, user: userOf(cells) };
    }
  }
  const seen = survey();
  for (const { user } of users()) {
    note(seen, user);
    if (seen.first.length === LOOKED_AT && seen.samples.size === columns.length) break;
  }
  return {
    columns, samples: seen.samples, first: seen.first, isNamed: false,
    lines(mapping, extra) {
      const parts = [];
      for (const { line, user } of users()) {
        // Blank lines keep the numbers as they are in the file.
        while (parts.length < line - 1) parts.push('\n');
        parts.push(`${JSON.stringify(mapped(user, mapping, extra))}\n`);
      }
      return new Blob(parts);
    },
  };
}

async function ofLines(blob) {
  const seen = survey();
  // Any member may come up late, and none may be lost unseen.
  for await (const text of textsOf(blob)) {
    const user = userOf(text);
    if (user) note(seen, user);
  }
  const columns = [...seen.columns];
  const isNamed = columns.every((column) => [...MEMBERS, 'reason'].includes(column));
  return {
    columns, samples: seen.samples, first: seen.first, isNamed,
    async lines(mapping, extra) {
      if (isNamed && Object.keys(extra).length === 0) return blob;
      const parts = [];
      for await (const text of textsOf(blob)) {
        const user = userOf(text);
        parts.push(`${user ? JSON.stringify(isNamed ? { ...user, ...extra } : mapped(user, mapping, extra)) : text}\n`);
      }
      return new Blob(parts);
    },
  };
}

/** The user on a line, or nothing. */
function userOf(text) {
  const value = parsed(text.replace(/,\s*$/, ''));
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
}

/** What the users of a file have, as far as they were noted. */
const survey = () => ({ columns: new Set(), samples: new Map(), first: [] });

function note({ columns, samples, first }, user) {
  if (first.length < LOOKED_AT) first.push(user);
  for (const [column, value] of Object.entries(user)) {
    columns.add(column);
    const isBlank = value === null || (typeof value === 'string' && value.trim() === '');
    if (!isBlank && !samples.has(column)) samples.set(column, value);
  }
}
