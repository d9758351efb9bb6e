// The words of a page, and their change to another language.
//
// An element with `data-t` shows the text of that key, with `data-values` put in. Everything that is shown later is
// said through `say`, so that a change of language reaches it as well.

const root = document.documentElement;
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
 * time, and anything else as it is. `count` decides between singular and plural.
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
  const failed = document.querySelector('[data-summary]:not([hidden]) h2')?.textContent;
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
    if (name === 'at') return moment(values.at);
    return typeof values[name] === 'number' ? new Intl.NumberFormat(root.lang).format(values[name]) : values[name];
  });
}

function moment(at) {
  return new Intl.DateTimeFormat(root.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));
}

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
  for (const button of document.querySelectorAll('[data-language]')) {
    if (button.dataset.language === language) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
  retitle();
  // The server reads it, so that the next page comes in this language.
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `keyback-language=${language}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => change(button.dataset.language).catch(() => {}));
}
