// One action for many users: whom it is for, a preview that counts them, and the jobs that do it.

import { closer, openDialog, shut } from './dialog.js';
import { make, part, section, time, under, words } from './dom.js';
import { form, line, radios, refuse, refuseAs, select } from './forms.js';
import { lacking, load } from './load.js';
import { reason, reasonOf } from './reason.js';
import { count, ids, tickNobody } from './selection.js';
import { ask, scopes } from './session.js';

/** The path of the jobs in the contract. */
export const JOBS = '/v1/admin/users/bulk';
/** Where the portal shows the job `id`. */
export const placeOfJob = (id) => `#/bulk/${encodeURIComponent(id)}`;

// What each action needs, and whether it keeps users out.
const ACTIONS = {
  'require-change': { scope: 'reset' },
  'sign-out': { scope: 'users:write' },
  recover: { scope: 'reset' },
  disable: { scope: 'users:write', kind: 'danger' },
};
const STATES = [
  ['', 'users.any'], ['active', 'user.active'], ['disabled', 'user.disabled'], ['no_password', 'user.no-password'],
  ['must_change', 'user.must-change'],
];

/** What an action is called. */
export const named = (action) => words(`bulk.action.${action}`);

/** The state of a job, and how far it is. */
export const progress = ({ state, done, skipped, failed, total }) => make('span', { class: 'marks' },
  make('span', { class: 'mark', t: `bulk.state.${state}` }),
  total !== null && words('bulk.progress', { done: done + skipped + failed, count: total }));

/** The view. */
export function bulkView() {
  const actions = Object.entries(ACTIONS).filter(([, { scope }]) => scopes.has(scope));
  if (actions.length === 0) return under('#/users', 'users.back', section('bulk.title', lacking('users:write')));
  const action = radios('action', 'bulk.action', actions.map(([name], index) => (
    [name, `bulk.action.${name}`, { checked: index === 0, hint: `bulk.about.${name}` }])));
  const filter = make('div', { class: 'nested' },
    line('password_set_before', 'bulk.password-before', { type: 'date' }),
    line('created_before', 'bulk.created-before', { type: 'date' }),
    select('state', 'users.state', STATES),
    line('q', 'users.search', { hint: 'users.search-hint', dir: 'ltr' }));
  const who = radios('who', 'bulk.who', [
    ...(count() > 0 ? [['ticked', 'bulk.ticked', { checked: true, values: { count: count() } }]] : []),
    ['filter', 'bulk.filter', { checked: count() === 0, hint: 'bulk.filter-hint' }],
  ]);
  filter.hidden = count() > 0;
  const made = form([action, who, filter, reason()], 'bulk.preview', preview,
    { beside: [make('a', { class: 'button quiet', href: '#/users', t: 'cancel' })] });
  who.addEventListener('change', () => {
    filter.hidden = made.elements.who.value !== 'filter';
  });
  return under('#/users', 'users.back', section('bulk.title', made, jobs()));
}

/** The start of a day, where the administrator is. */
const dayOf = (text) => new Date(`${text}T00:00`).toISOString();

function orderOf(within) {
  const { action, who, q, state, password_set_before: before, created_before: created } = within.elements;
  const order = { action: action.value, ...reasonOf(within) };
  if (who.value === 'ticked') return { ...order, ids: ids() };
  const filter = {
    ...(before.value && { password_set_before: dayOf(before.value) }),
    ...(created.value && { created_before: dayOf(created.value) }),
    ...(state.value && (state.value === 'active' ? { disabled: false } : { [state.value]: true })),
    ...(q.value.trim() && { q: q.value.trim() }),
  };
  return { ...order, filter };
}

/** Has the server count who would be affected, and asks whether to go on. */
async function preview(within) {
  const order = orderOf(within);
  const outcome = await ask(JOBS, { ...order, dry_run: true });
  if (!outcome.ok) return refuseAs(within, outcome);
  if (!within.isConnected) return;
  const { matching, complete = true } = outcome.value;
  if (matching === 0) return refuse(within, { key: 'bulk.nobody', name: 'who' });
  openDialog(`bulk.ask.${order.action}`, (dialog) => [
    make('p', { t: `bulk.preview.${order.action}`, values: { count: matching } }),
    !complete && make('p', { t: 'bulk.incomplete' }),
    order.ids === undefined && Object.keys(order.filter).length === 0 && make('p', { class: 'warning', t: 'bulk.everybody' }),
    make('p', { class: 'hint', t: 'bulk.paced' }),
    form([], `bulk.submit.${order.action}`, (confirming) => start(confirming, order, dialog),
      { kind: ACTIONS[order.action].kind, beside: [closer(dialog)] }),
  ]);
}

async function start(confirming, order, dialog) {
  const outcome = await ask(JOBS, order);
  if (!outcome.ok) return refuseAs(confirming, outcome);
  shut(dialog);
  if (order.ids) tickNobody();
  location.assign(placeOfJob(outcome.value.id));
}

function jobs() {
  if (!scopes.has('users:read')) return part('bulk.jobs', lacking('users:read'));
  const place = make('div', {});
  const row = (job) => make('li', {},
    make('a', { href: placeOfJob(job.id) }, named(job.action)), progress(job), time(job.created_at),
    job.reason && make('p', { class: 'about', dir: 'auto' }, job.reason));
  load(place, () => ask(JOBS), ({ jobs: all }) => (all.length === 0
    ? make('p', { class: 'none', t: 'bulk.none' }) : make('ul', { class: 'rows' }, ...all.map(row))));
  return part('bulk.jobs', place);
}
