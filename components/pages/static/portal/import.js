// Importing users from a file: what it holds, what its columns are, and what becomes of it. It goes on while other views are
// looked at, and ends with the session.

import { translate } from '../text.js';
import { button, facts, make, part, section, under, verbatim } from './dom.js';
import { form, line, refuse, select } from './forms.js';
import { only } from './load.js';
import { reason, reasonOf } from './reason.js';
import { figures, halt, isSending, send } from './sending.js';
import { MEMBERS, guess, isSecret, mapped, open } from './table.js';

// So many users show how all will be imported.
const SHOWN = 3;
const HIDDEN = '••••';
let kept;
// What an import had done that ended with the session.
let cut;

/** The view, as it was left. */
export const importView = () => only('users:write', 'import.title', () => {
  kept ??= under('#/users', 'users.back', fresh());
  // The language may be another one by now.
  translate(kept);
  return kept;
});

/** Forgets the file and what became of it, but for the figures if it was under way. */
export function forgetImport() {
  cut = halt() ?? cut;
  kept = undefined;
}

function fresh() {
  const place = make('div', { class: 'outcome' }, cut && make('div', { class: 'notice' },
    make('p', { t: 'import.cut' }), make('p', { t: 'import.counts', values: figures(cut) })));
  const made = form([line('file', 'import.file', { type: 'file', accept: '.csv,.tsv,.ndjson,.jsonl,.json,.txt', hint: 'import.hint' })],
    'import.next', async (within) => {
      const [file] = within.elements.file.files;
      if (!file) return refuse(within, { key: 'import.empty', name: 'file' });
      if (file.size === 0) return refuse(within, { key: 'import.no-lines', name: 'file' });
      const table = await open(file).catch(() => undefined);
      if (!table) return refuse(within, { key: 'import.format', name: 'file' });
      if (isSending()) return refuse(within, { key: 'import.busy' });
      const next = looked(table, file.name);
      place.replaceChildren(next);
      next.querySelector('h2').focus();
    });
  return section('import.title', make('p', { t: 'import.intro' }), made, place);
}

/** What the file holds, to be looked at before it is imported. */
function looked(table, name) {
  const { columns, samples, first, isNamed } = table;
  const guessed = isNamed ? columns : guess(columns, first);
  const place = make('div', {});
  const outcome = make('div', { class: 'outcome' });
  const choices = isNamed ? [] : columns.map((column, index) => choice(column, index, guessed[index], samples.get(column)));
  const mapping = (within) => columns.map((column, index) => [column, isNamed ? column : within.elements[`column-${index}`].value])
    .filter(([, member]) => member !== '');
  const start = async (within, isCheck) => {
    const chosen = mapping(within);
    const fault = isNamed ? undefined : faultOf(chosen, columns);
    if (fault) return refuse(within, fault);
    if (isSending()) return refuse(within, { key: 'import.busy' });
    cut = undefined;
    await send(await table.lines(chosen, reasonOf(within)), name, outcome, { isCheck });
  };
  const made = form([make('div', { class: 'beside' }, ...choices), part('import.first', place), reason()], 'import.submit', (within) => start(within, false),
    { beside: [button('import.check', () => start(made, true))] });
  made.classList.add('wide');
  const show = () => place.replaceChildren(preview(first, mapping(made)));
  made.addEventListener('change', show);
  show();
  const view = part('import.look', !isNamed && make('p', { t: 'import.columns' }), made, outcome);
  view.querySelector('h2').tabIndex = -1;
  return view;
}

function choice(column, index, member, value) {
  const sample = asText(value).slice(0, 60);
  return select(`column-${index}`, 'import.column', [['', 'import.left-out'], ...MEMBERS.map((one) => [one, `import.member.${one}`])], {
    value: member, hint: sample.trim() ? 'import.sample' : undefined,
    values: { name: column, sample: isSecret(column, member) ? HIDDEN : sample },
  });
}

const asText = (value = '') => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** What is wrong with the choice of members. */
function faultOf(chosen, columns) {
  const members = chosen.map(([, member]) => member);
  if (!members.includes('email')) return { key: 'import.no-email' };
  const twice = chosen.find(([, member], index) => members.indexOf(member) !== index);
  return twice && { key: 'import.twice', name: `column-${columns.indexOf(twice[0])}` };
}

function preview(first, mapping) {
  if (first.length === 0) return make('p', { class: 'none', t: 'import.nobody' });
  return make('ul', { class: 'rows' }, ...first.slice(0, SHOWN).map((user) => {
    const { email = '', ...members } = mapped(user, mapping);
    const others = Object.entries(members).map(([member, value]) => [`import.member.${member}`,
      verbatim(isSecret('', member) ? HIDDEN : asText(value))]);
    return make('li', {}, make('strong', {}, verbatim(asText(email))), others.length > 0 && facts(...others));
  }));
}
