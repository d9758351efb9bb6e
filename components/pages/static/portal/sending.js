// Sending a file of users to the contract, piece by piece: to import them, or only to see what would become of them.

import { knows, say } from '../text.js';
import { LINE_END, chunks, parsed } from './chunks.js';
import { announce, button, make, verbatim, words } from './dom.js';
import { asCsv, dated, save } from './download.js';
import { explain } from './forms.js';
import { touch } from './idle.js';
import { ask, isOpen } from './session.js';

// Hashing a hundred passwords takes a while.
const PATIENCE = 120_000;
const SHOWN = 500;
const PATH = '/v1/admin/users/import';
const HARMLESS = { unanswered: { key: 'error.offline' }, uncertain: { key: 'error.unavailable' } };
/** The columns of the file of failures. */
const COLUMNS = ['line', 'id', 'email', 'code', 'detail'];
// What stops the import that is under way, and what it has done so far.
let running;

/** The figures of a tally, as its texts name them. */
export const figures = ({ created, unchanged, failed }) => ({ created, unchanged, failed });

/** Whether a file is under way. */
export const isSending = () => running !== undefined;

/** Stops what is under way. Returns what an import had done by then, if it was one. */
export function halt() {
  running?.aborter.abort();
  const tally = running?.isCheck ? undefined : running?.tally;
  running = undefined;
  return tally;
}

/** Sends the lines of `file`, and shows in `place` what becomes of them. With `isCheck` nothing is imported. */
export async function send(file, name, place, { isCheck = false } = {}) {
  const tally = { created: 0, unchanged: 0, failed: 0, lines: 0 };
  const bar = make('progress', { max: file.size, value: 0, 'aria-labelledby': 'import-state' });
  const state = make('p', { id: 'import-state', t: 'import.running', values: { name, percent: 0 } });
  const counts = make('p', {});
  const list = make('ul', { class: 'rows failures' });
  const failures = [];
  const told = make('div', { hidden: true }, make('h2', { t: 'import.failures' }),
    make('p', {}, button('failures.save', () => save(asCsv([COLUMNS, ...failures]), dated('failures', 'csv')))), list);
  const notice = make('div', {});
  const beside = make('div', { class: 'buttons' });
  place.replaceChildren(state, bar, counts, notice, beside, told);
  const aborter = new AbortController();
  running = { aborter, tally, isCheck };
  const fail = (number, code, detail, { id, email } = {}) => {
    tally.failed += 1;
    failures.push([number, id, email, code, detail]);
    told.hidden = false;
    if (tally.failed > SHOWN) return;
    list.append(make('li', {},
      make('strong', { t: 'import.line', values: { count: number } }),
      knows(`import.code.${code}`) ? words(`import.code.${code}`) : verbatim(code, 'code'),
      detail && code === 'validation-failed' && make('span', { class: 'why' }, verbatim(detail))));
  };
  const count = () => {
    const percent = Math.floor((bar.value / file.size) * 100);
    say(counts, isCheck ? 'import.would' : 'import.counts', figures(tally));
    say(state, 'import.running', { name, percent });
  };
  const end = (key) => {
    if (running?.aborter !== aborter) return;
    running = undefined;
    beside.replaceChildren();
    say(state, key, { name, lines: tally.lines });
    if (tally.failed > SHOWN) told.append(make('p', { t: 'import.more', values: { count: tally.failed - SHOWN } }));
    announce(key, { name, lines: tally.lines });
  };
  const stop = make('button', { class: 'button quiet', type: 'button', t: 'import.stop', on: { click: () => aborter.abort() } });
  beside.replaceChildren(stop);
  announce('import.running', { name, percent: 0 });
  count();
  try {
    for await (const chunk of chunks(file)) {
      const outcome = await sent(chunk, { aborter, notice, beside, stop, state, isCheck });
      if (!outcome) return end('import.stopped');
      // Nobody has to stay beside a long one.
      touch();
      for (const failure of await failuresOf(chunk, outcome.value)) fail(...failure);
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
  end(isCheck ? 'import.checked' : 'import.done');
}

/** The lines of a piece that failed, by their numbers in the file, with the users that they are about. */
async function failuresOf(chunk, { failures }) {
  const texts = failures.length > 0 ? (await chunk.blob.text()).split(LINE_END) : [];
  const failed = failures.map(({ line: number, code, pointer = '', detail }) => (
    [chunk.first + number - 1, code, `${pointer} ${detail}`.trim(), parsed(texts[number - 1] ?? '') ?? {}]));
  const overlong = chunk.overlong.map((number) => [number, 'too-long']);
  return [...failed, ...overlong].sort(([one], [other]) => one - other);
}

/** What became of a piece, or nothing if it was stopped. What gets no answer is tried again when somebody asks for it. */
async function sent(chunk, { aborter, notice, beside, stop, state, isCheck }) {
  for (;;) {
    if (aborter.signal.aborted || !isOpen()) return null;
    const outcome = await ask(isCheck ? `${PATH}?dry_run=true` : PATH, chunk.blob, {
      type: 'application/x-ndjson', patience: PATIENCE, signal: aborter.signal,
    });
    if (outcome.ok) return outcome;
    if (aborter.signal.aborted) return null;
    // To send lines again does no harm.
    const { key, values } = HARMLESS[outcome.problem] ?? explain(outcome);
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
