// One job for many users: how far it is, while somebody looks, and what it could not do.

import { say } from '../text.js';
import { JOBS, named } from './bulk.js';
import { closer, openDialog, shut } from './dialog.js';
import { announce, button, facts, make, part, section, time, under, verbatim, words } from './dom.js';
import { asCsv, dated, save } from './download.js';
import { form, refuseAs } from './forms.js';
import { load, only, trouble } from './load.js';
import { person } from './people.js';
import { ask, scopes } from './session.js';

// Milliseconds between two looks.
const PAUSE = 2000;

/** The view of the job `id`. */
export const jobView = (id) => under('#/bulk', 'bulk.back', only('users:read', 'bulk.job', () => shown(`${JOBS}/${encodeURIComponent(id)}`)));

function shown(path) {
  const place = make('div', {});
  const view = section('bulk.job', place);
  load(place, () => ask(path), (job) => live(job, path, place), (outcome, again) => (outcome.problem === 'not-found'
    ? make('p', { t: 'bulk.gone' }) : trouble(outcome, again)));
  return view;
}

/** What is known of the job, which changes as it goes on. */
function live(first, path, place) {
  const bar = make('progress', { 'aria-labelledby': 'job-state' });
  const state = make('p', { id: 'job-state' });
  const counts = make('p', {});
  const stop = button('bulk.stop', () => askToStop(first, path, look));
  const buttons = make('div', { class: 'buttons' }, stop);
  const failures = make('div', {});
  const changed = make('span', {});
  let job = first;
  const show = () => {
    const { total, done, skipped, failed } = job;
    const isOver = job.state !== 'running';
    bar.max = Math.max(total ?? done + skipped + failed, 1);
    // Without a total, it only shows that something is under way.
    if (total !== null || isOver) bar.value = job.state === 'done' ? bar.max : done + skipped + failed;
    say(state, `bulk.state.${job.state}`);
    say(counts, total === null ? 'bulk.so-far' : 'bulk.counts', { done, skipped, failed, ...(total !== null && { total }) });
    changed.replaceChildren(time(job.updated_at));
    buttons.hidden = isOver || !scopes.has('users:write');
    if (job.failures.length > failures.querySelectorAll('li').length) failures.replaceChildren(failuresOf(job));
  };
  async function look() {
    const outcome = await ask(path);
    if (!place.isConnected || !outcome.ok) return;
    const wasRunning = job.state === 'running';
    job = outcome.value;
    show();
    if (!wasRunning || job.state === 'running') return;
    announce(`bulk.state.${job.state}`);
    if (document.activeElement === document.body) place.closest('section').querySelector('h1').focus();
  }
  const follow = async () => {
    if (!place.isConnected || job.state !== 'running') return;
    if (!document.hidden) await look();
    setTimeout(follow, PAUSE);
  };
  setTimeout(follow, PAUSE);
  show();
  const { id, kind } = job.actor ?? {};
  return [
    state, bar, counts, buttons,
    facts(
      ['bulk.action', named(job.action)],
      ['events.who', kind === 'administrator' || id ? verbatim(id, 'code') : words('events.system')],
      job.reason && ['reason.label', make('span', { dir: 'auto' }, job.reason)],
      ['bulk.started', time(job.created_at)],
      ['user.updated', changed]),
    failures,
  ];
}

function failuresOf(job) {
  const list = make('ul', { class: 'rows failures' }, ...job.failures.map(({ user_id: id, detail }) => make('li', {},
    id !== null && person(id), make('span', { class: 'why' }, verbatim(detail)))));
  return part('bulk.failures', list, make('div', { class: 'buttons' }, button('failures.save', () => save(
    asCsv([['user_id', 'detail'], ...job.failures.map(({ user_id: id, detail }) => [id, detail])]), dated('failures', 'csv')))));
}

function askToStop(job, path, look) {
  openDialog('bulk.stop-title', (dialog) => [
    make('p', {}, named(job.action)),
    make('p', { t: 'bulk.stop-intro' }),
    form([], 'bulk.stop', async (within) => {
      const outcome = await ask(path, undefined, { method: 'DELETE' });
      if (!outcome.ok && outcome.problem !== 'not-found') return refuseAs(within, outcome);
      await look();
      shut(dialog);
    }, { beside: [closer(dialog)] }),
  ]);
}
