// What a file of users holds, whatever its form: its columns, its first users, and all of them as lines of JSON.

import { asLines, headOf, parsed } from './chunks.js';
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
// So many users are looked at for what they have.
const LOOKED_AT = 50;

/** Whether what stands in a column may be a secret. */
export const isSecret = (column, member) => /pass|pwd|hash|secret/i.test(`${column} ${member}`);

/**
 * Opens a file: `{columns, first, lines, isNamed}`, with the names of the columns, some users by these, a function that gives all
 * as a blob of lines, and whether all columns are members already. Nothing, if it is no such file.
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
  if (/^\s*[[{<]/.test(head)) return false;
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
  const first = [];
  for (const { user } of users()) if (first.push(user) === LOOKED_AT) break;
  return {
    columns, first, isNamed: false,
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
  const head = await headOf(blob);
  const objects = head.split('\n').slice(0, LOOKED_AT).map((line) => parsed(line.trim().replace(/^\ufeff/, '').replace(/,$/, '')));
  const first = objects.filter((value) => value !== null && typeof value === 'object' && !Array.isArray(value));
  const columns = [...new Set(first.flatMap(Object.keys))];
  const isNamed = columns.every((column) => [...MEMBERS, 'reason'].includes(column));
  return {
    columns, first, isNamed,
    async lines(mapping, extra) {
      if (isNamed && Object.keys(extra).length === 0) return blob;
      const rewritten = (line) => {
        const user = parsed(line.replace(/^\ufeff/, '').replace(/,\s*$/, ''));
        const isUser = user !== null && typeof user === 'object' && !Array.isArray(user);
        return isUser ? JSON.stringify(isNamed ? { ...user, ...extra } : mapped(user, mapping, extra)) : line;
      };
      const text = (await blob.text()).replace(/\n$/, '');
      return new Blob(text.split('\n').map((line) => `${rewritten(line)}\n`));
    },
  };
}
