// The words of a page, and their change to another language.
//
// An element with `data-t` shows the text of that key, with `data-values` put in. Everything that is shown later is
// said through `say`, so that a change of language reaches it as well.

const root = document.documentElement;
const choice = document.querySelector('[data-languages]');
let words = await load(root.lang);
let changes = 0;

document.querySelector('[data-late]')?.remove();

async function load(language) {
  const answer = await fetch(new URL(`lang/${language}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`no words for ${language}`);
  return answer.json();
}

/**
 * Shows the text `key` in `element`. Of `values`, `seconds` is put in as `{time}`, a number as such, `at` as a date with its
 * time, or as how long it is ago if `ago` is set, and anything else as it is. `count` decides between singular and plural.
 */
export function say(element, key, values = {}) {
  element.dataset.t = key;
  element.dataset.values = JSON.stringify(values);
  element.textContent = text(key, values);
}

/** Shows nothing in `element`. */
export function hush(element) {
  delete element.dataset.t;
  delete element.dataset.values;
  element.textContent = '';
}

/** Gives the document the title of the view that is shown, or of its error. */
export function retitle() {
  const headings = [...document.querySelectorAll('main section:not([hidden]) h1')];
  const heading = (headings.find((one) => one.offsetParent) ?? headings[0]).textContent;
  const failed = document.querySelector('main .error:not([hidden])') && words['error.title'];
  document.title = [failed, heading, root.dataset.app].filter(Boolean).join(' · ');
}

/** Whether there is a text `key`. */
export const knows = (key) => key in words;

// Where a number takes the singular, the text `key.one` stands in if there is one.
function form(key, { count }) {
  const one = `${key}.one`;
  return one in words && new Intl.PluralRules(root.lang).select(count) === 'one' ? one : key;
}

function text(key, values) {
  return (words[form(key, values)] ?? key).replace(/\{(\w+)\}/g, (_, name) => {
    if (name === 'app') return root.dataset.app;
    if (name === 'time') return duration(values.seconds);
    if (name === 'at') return values.ago ? ago(values.at) : moment(values.at);
    return typeof values[name] === 'number' ? new Intl.NumberFormat(root.lang).format(values[name]) : apart(values[name]);
  });
}

/** A text of another origin, kept from being mixed up with a sentence that runs the other way. */
const apart = (value) => (root.dir === 'rtl' && typeof value === 'string' ? `\u2068${value}\u2069` : value);

function moment(at) {
  return new Intl.DateTimeFormat(root.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));
}

/** A moment exactly, with the zone in which it is told. */
export function exactly(at) {
  const parts = { year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', second: '2-digit' };
  return new Intl.DateTimeFormat(root.lang, { ...parts, timeZoneName: 'short' }).format(new Date(at));
}

// In seconds: what is longer ago, or further ahead, is told by its date.
const FAR = 30 * 86_400;
const STEPS = [['day', 86_400], ['hour', 3600], ['minute', 60]];

/** How long ago a moment was, or how far ahead it is. */
function ago(at) {
  const [then, now] = [new Date(at), new Date()];
  const exact = Math.round((then - now) / 1000);
  if (Math.abs(exact) >= FAR) return new Intl.DateTimeFormat(root.lang, { dateStyle: 'medium' }).format(then);
  // What lies ahead is rounded, not cut: what lasts two hours ends in two hours, also a second later.
  const seconds = exact < 0 ? exact : Math.round(exact / 60) * 60;
  const format = new Intl.RelativeTimeFormat(root.lang, { numeric: 'auto' });
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 60];
  // "Yesterday" and "in 3 days" are dates of the calendar, not multiples of 24 hours.
  if (unit === 'day') return format.format(dateOf(then) - dateOf(now), unit);
  return format.format(seconds < 0 ? Math.trunc(seconds / size) : Math.round(seconds / size), unit);
}

/** The number of a moment's date in this browser's time zone, counted in days. */
const dateOf = (moment) => Date.UTC(moment.getFullYear(), moment.getMonth(), moment.getDate()) / 86_400_000;

function duration(seconds) {
  const [unit, size] = seconds < 60 ? ['second', 1]
    : seconds < 5400 && seconds % 3600 > 0 ? ['minute', 60]
      : seconds < 172_800 && seconds % 86_400 > 0 ? ['hour', 3600] : ['day', 86_400];
  const format = new Intl.NumberFormat(root.lang, { style: 'unit', unit, unitDisplay: 'long' });
  return format.format(Math.ceil(seconds / size));
}

/** Shows all of `part` in the language that was chosen last, even if it was out of sight then. */
export function translate(part) {
  for (const element of part.querySelectorAll('[data-t]')) {
    element.textContent = text(element.dataset.t, JSON.parse(element.dataset.values ?? '{}'));
  }
  for (const element of part.querySelectorAll('time[datetime]')) element.title = exactly(element.dateTime);
}

/** Tells anew how long ago each moment was. */
export function refreshTimes() {
  for (const element of document.querySelectorAll('time[data-t]')) {
    const told = text(element.dataset.t, JSON.parse(element.dataset.values));
    if (element.textContent !== told) element.textContent = told;
  }
}

async function change(language) {
  changes += 1;
  const mine = changes;
  const loaded = await load(language);
  // Another one was chosen meanwhile.
  if (mine !== changes) return;
  words = loaded;
  root.lang = language;
  root.dir = words.direction;
  translate(document);
  choice.value = language;
  retitle();
  // The server reads it, so that the next page comes in this language.
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `keyback-language=${language}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

choice.addEventListener('change', () => change(choice.value).catch(() => {
  choice.value = root.lang;
}));
