// Importing users from a file. It goes on while other views are looked at, and ends with the session.

import { knows, say, translate } from '../text.js';
import { announce, make, section, under, verbatim, words } from './dom.js';
import { asLines, chunks } from './chunks.js';
import { explain, form, line, refuse } from './forms.js';
import { touch } from './idle.js';
import { lacking } from './load.js';
import { ask, isOpen, scopes } from './session.js';

// Hashing a hundred passwords takes a while.
const PATIENCE = 120_000;
const SHOWN = 500;
let kept;
// What stops the import that is under way, and what it has done so far.
let running;
// What an import had done that ended with the session.
let cut;

/** The view, as it was left. */
export function importView() {
  if (!scopes.has('users:write')) return section('import.title', lacking('users:write'));
  kept ??= fresh();
  // The language may be another one by now.
  translate(kept);
  return kept;
}

/** Forgets the file and what became of it, but for the figures if it was under way. */
export function forgetImport() {
  running?.aborter.abort();
  cut = running?.tally ?? cut;
  running = undefined;
  kept = undefined;
}

const figures = ({ created, unchanged, failed }) => ({ created, unchanged, failed });

function fresh() {
  const place = make('div', { class: 'outcome' }, cut && make('div', { class: 'notice' },
    make('p', { t: 'import.cut' }), make('p', { t: 'import.counts', values: figures(cut) })));
  const made = form([line('file', 'import.file', { type: 'file', accept: '.ndjson,.jsonl,.json,.txt', hint: 'import.hint' })],
    'import.submit', async (within) => {
      const [file] = within.elements.file.files;
      if (!file) return refuse(within, { key: 'import.empty', name: 'file' });
      if (file.size === 0) return refuse(within, { key: 'import.no-lines', name: 'file' });
      const lines = await asLines(file).catch(() => undefined);
      if (!lines) return refuse(within, { key: 'import.format', name: 'file' });
      await run(lines, file.name, place);
    });
  return under('#/users', 'users.back', section('import.title',
    make('p', { t: 'import.intro' }),
    make('pre', { dir: 'ltr', tabindex: '0' }, '{"id":"ann","email":"ann@example.com","locale":"en"}\n{"email":"bo@example.com"}'),
    made, place));
}

async function run(file, name, place) {
  const tally = { created: 0, unchanged: 0, failed: 0, malformed: 0, lines: 0 };
  const bar = make('progress', { max: file.size, value: 0, 'aria-labelledby': 'import-state' });
  const state = make('p', { id: 'import-state', t: 'import.running', values: { name, percent: 0 } });
  const counts = make('p', {});
  const list = make('ul', { class: 'rows failures' });
  const told = make('div', { hidden: true }, make('h2', { t: 'import.failures' }), list);
  const notice = make('div', {});
  const beside = make('div', { class: 'buttons' });
  place.replaceChildren(state, bar, counts, notice, beside, told);
  const aborter = new AbortController();
  running = { aborter, tally };
  cut = undefined;
  const fail = (number, code, detail) => {
    tally.failed += 1;
    if (code === 'validation-failed') tally.malformed += 1;
    told.hidden = false;
    if (tally.failed > SHOWN) return;
    list.append(make('li', {},
      make('strong', { t: 'import.line', values: { count: number } }),
      knows(`import.code.${code}`) ? words(`import.code.${code}`) : verbatim(code, 'code'),
      detail && code === 'validation-failed' && make('span', { class: 'why' }, verbatim(detail))));
  };
  const count = () => {
    const percent = Math.floor((bar.value / file.size) * 100);
    say(counts, 'import.counts', figures(tally));
    say(state, 'import.running', { name, percent });
  };
  const end = (key) => {
    if (running?.aborter !== aborter) return;
    running = undefined;
    beside.replaceChildren();
    say(state, key, { name, lines: tally.lines });
    if (tally.failed > SHOWN) told.append(make('p', { t: 'import.more', values: { count: tally.failed - SHOWN } }));
    announce(key, { name, lines: tally.lines });
    const isFormat = tally.malformed > 0 && tally.created + tally.unchanged === 0;
    if (isFormat) notice.append(make('p', { class: 'notice', t: 'import.format' }));
  };
  const stop = make('button', { class: 'button quiet', type: 'button', t: 'import.stop', on: { click: () => aborter.abort() } });
  beside.replaceChildren(stop);
  announce('import.running', { name, percent: 0 });
  count();
  try {
    for await (const chunk of chunks(file)) {
      const outcome = await sent(chunk, { aborter, notice, beside, stop, state });
      if (!outcome) return end('import.stopped');
      // Nobody has to stay beside a long one.
      touch();
      const failures = outcome.value.failures.map(({ line: number, code, pointer = '', detail }) => (
        [chunk.first + number - 1, code, `${pointer} ${detail}`.trim()]));
      for (const number of chunk.overlong) failures.push([number, 'too-long']);
      for (const failure of failures.sort(([one], [other]) => one - other)) fail(...failure);
      tally.created += outcome.value.created;
      tally.unchanged += outcome.value.unchanged;
      tally.lines += chunk.lines;
      bar.value = chunk.end;
      count();
    }
  } catch {
    // The file was moved or changed meanwhile.
    return end('import.unreadable');
  }
  end('import.done');
}

/** What became of a piece, or nothing if it was stopped. What gets no answer is tried again when somebody asks for it. */
async function sent(chunk, { aborter, notice, beside, stop, state }) {
  for (;;) {
    if (aborter.signal.aborted || !isOpen()) return null;
    const outcome = await ask('/v1/admin/users/import', chunk.blob, {
      type: 'application/x-ndjson', patience: PATIENCE, signal: aborter.signal,
    });
    if (outcome.ok) return outcome;
    if (aborter.signal.aborted) return null;
    // To send lines again does no harm.
    const { key, values } = outcome.problem === 'unanswered' ? { key: 'error.offline' } : explain(outcome);
    await new Promise((resolve) => {
      notice.replaceChildren(make('p', { class: 'notice', role: 'alert', t: key, values }));
      const again = make('button', { class: 'button', type: 'button', t: 'import.continue', on: { click: resolve } });
      aborter.signal.addEventListener('abort', resolve);
      beside.replaceChildren(again, stop);
      say(state, 'import.paused');
      // Whoever looks at another view neither sees nor hears the alert.
      if (!beside.isConnected) announce('import.paused');
      again.focus();
    });
    notice.replaceChildren();
    beside.replaceChildren(stop);
    stop.focus();
  }
}
