// The API key: in this variable and nowhere else, and forgotten with everything that was shown when the session ends.

import { call } from '../api.js';

let key;
let ended = () => {};
let aborter = new AbortController();

/** What the key may do: the names of `PROBES`. */
export const scopes = new Set();

/** Whether there is a key. */
export const isOpen = () => key !== undefined;

/** Calls `act` with the reason whenever a session ends. */
export function whenEnded(act) {
  ended = act;
}

/**
 * Calls the contract with the key. An answer that the key is not known ends the session: it was taken back, or it was a
 * token that has expired. If a call may have changed something, `unanswered` replaces the problem `offline`, and `uncertain`
 * replaces `service-unavailable`.
 */
export async function ask(path, body, options = {}) {
  // Who is not signed in asks nothing, and is answered nothing.
  if (key === undefined) return new Promise(() => {});
  const { signal } = aborter;
  const outcome = await request(key, path, body, { signal, ...options });
  // What comes in after the end is nobody's any more.
  if (signal.aborted) return new Promise(() => {});
  if (outcome.problem === 'unauthorized') {
    end('lock.refused');
    return new Promise(() => {});
  }
  // It may have been made all the same.
  const unsure = changes(body, options) && UNSURE[outcome.problem];
  return unsure ? { ...outcome, problem: unsure } : outcome;
}

const changes = (body, { method }) => !body?.dry_run && (body !== undefined || (method ?? 'GET') !== 'GET');
const UNSURE = { offline: 'unanswered', 'service-unavailable': 'uncertain' };

const request = (bearer, path, body, options) =>
  call(path, body, { ...options, headers: { Authorization: `Bearer ${bearer}` } });

// Calls that change nothing, whatever the key may do. No id of a user has a blank, there is no email with the id `-`, and an
// order without members is refused. An older key may see emails and not send them again, or the other way around.
const PROBES = {
  'users:read': ['/v1/admin/users?limit=1'],
  'users:write': ['/v1/admin/users', {}],
  'users:delete': ['/v1/admin/users/%20', undefined, { method: 'DELETE' }],
  reset: ['/v1/admin/users/%20/password-change', {}, { method: 'PUT' }],
  events: ['/v1/admin/users/%20/events?limit=1'],
  emails: ['/v1/admin/emails?limit=1'],
  'emails:retry': ['/v1/admin/emails/-/retry', {}],
};

/** Finds out what `candidate` may do, and keeps it if it is a key. Otherwise returns what went wrong. */
export async function begin(candidate) {
  // Nothing else can be part of a header, or of a key.
  if (!/^[\x21-\x7e]+$/.test(candidate)) return { ok: false, problem: 'unauthorized' };
  const first = await request(candidate, ...PROBES['users:read']);
  if (!first.ok && first.problem !== 'forbidden') return first;
  const others = await Promise.all(Object.entries(PROBES).slice(1)
    .map(async ([scope, probe]) => [scope, await request(candidate, ...probe)]));
  const failed = others.find(([, { problem }]) => ['offline', 'rate-limited', 'service-unavailable'].includes(problem));
  if (failed) return failed[1];
  scopes.clear();
  for (const [scope, { problem }] of [['users:read', first], ...others]) if (problem !== 'forbidden') scopes.add(scope);
  key = candidate;
  aborter = new AbortController();
  return { ok: true };
}

/** Forgets the key. */
export function end(reason) {
  if (key === undefined) return;
  key = undefined;
  scopes.clear();
  aborter.abort();
  ended(reason);
}
