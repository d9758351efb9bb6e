// The secret of an emailed link. It leaves the address bar before anything else happens, and is kept in memory only.

const { token: found, address } = window.arrival;

/** What the address holds of a link, with the token somewhere in it; null without one. */
export const token = found;

if (token !== null) history.replaceState(history.state, '', address);

// Another link pasted into this very tab.
addEventListener('hashchange', () => {
  if (/[\w-]{43}/.test(location.hash)) location.reload();
});
