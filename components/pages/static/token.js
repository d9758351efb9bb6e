// The secret of an emailed link. It leaves the address bar before anything else happens, and is kept in memory only:
// nothing is sent until a person submits a form.

export const token = new URLSearchParams(location.hash.slice(1)).get('token');

if (token !== null) {
  history.replaceState(history.state, '', location.pathname + location.search);
}

// Another link pasted into this very tab.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) location.reload();
});
