// The languages of emails and pages, as a choice for a user.

const names = Object.fromEntries([...document.querySelectorAll('[data-languages] option')].map((one) => [one.value, one.textContent]));
const TAGS = Object.keys(names);

/** What a language is called by those who speak it; of others, the tag. */
export const named = (tag) => names[tag] ?? tag;

/** Options for a choice, with `own` among them, and none. */
export function languages(own = null) {
  const tags = own === null || TAGS.includes(own) ? TAGS : [own, ...TAGS];
  return [['', 'user.no-locale'], ...tags.map((tag) => [tag, 'verbatim', { text: named(tag) }])];
}
