// What the page opens with. The browser waits for this script, which is no module for that reason, before it reads the
// views below: the first one that it shows is the right one, and nothing that it shows moves later.

{
  const root = document.documentElement;
  const { needs } = document.currentScript.dataset;
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  let kept = {};
  try {
    // What `recovery.js` remembers.
    kept = JSON.parse(sessionStorage.getItem('keyback.recovery')) ?? {};
  } catch {
    // Nothing is.
  }

  // What comes first goes before the others, even if it is empty.
  const found = needs.split(' ').map((name) => (name === 'token' ? token : kept[name])).find((value) => value != null);
  if (!found) root.dataset.lacking = '';

  if (kept.email) {
    const observer = new MutationObserver(() => {
      const place = document.querySelector('[data-email]');
      if (!place) return;
      observer.disconnect();
      place.textContent = kept.email;
    });
    observer.observe(root, { childList: true, subtree: true });
    addEventListener('DOMContentLoaded', () => observer.disconnect());
  }
}
