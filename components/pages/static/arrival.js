// What the page opens with. The browser waits for this script, which is no module for that reason, before it reads the
// views below: the first one that it shows is the right one, and nothing that it shows moves later.

{
  const root = document.documentElement;
  const { needs } = document.currentScript.dataset;

  // Mailers and link scanners encode the `#` of a link, add to it and break its lines. The server finds the token in what
  // is left; here it only matters where that is: something of the token's alphabet is as long as one. A link may be broken
  // where an email was quoted.
  const blanks = /%(?:25)*(?:09|0a|0d|20|3e|7c)|[\s>|]/gi;
  const holds = (text) => /[\w-]{43}/.test(text.replace(blanks, ''));
  const query = new URLSearchParams(location.search);
  query.delete('return_to');
  const token = [location.hash, location.pathname, String(query)].find(holds) ?? null;
  const [page] = location.pathname.match(/^\/[a-z-]*/i);
  // For `token.js`. The address is one without a secret.
  window.arrival = { token, address: page + (holds(String(query)) ? '' : location.search) };

  let kept = {};
  try {
    // What `recovery.js` remembers.
    kept = JSON.parse(sessionStorage.getItem('keyback.recovery')) ?? {};
  } catch {
    // Nothing is.
  }

  const found = needs.split(' ').some((name) => (name === 'token' ? token : kept[name]));
  if (!found) root.dataset.lacking = '';
  // Whose link it is, and whether it still works, the server says in a moment.
  else if (needs.includes('reset_token')) root.dataset.checking = '';

  // A link may be another account's than the one that was asked for here.
  if (kept.email && !token) {
    const fill = () => {
      const place = document.querySelector('[data-email]:empty');
      if (place) place.textContent = kept.email;
      // As `verify-otp.js` says it later: by then it would move what is below.
      const label = document.querySelector('[data-digits]');
      if (!label || !kept.code_length) return;
      label.textContent = label.dataset.digits.replace('{count}', kept.code_length);
      label.removeAttribute('data-digits');
    };
    const observer = new MutationObserver(fill);
    observer.observe(root, { childList: true, subtree: true });
    addEventListener('DOMContentLoaded', () => observer.disconnect());
  }
}
