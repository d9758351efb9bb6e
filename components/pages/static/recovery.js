// What this tab remembers of a recovery from page to page: the address, the length of its code and how many were wrong, when
// another email may be asked for, and the reset token until it is used. Never the password, and never the token of a link.

const KEY = 'keyback.recovery';

/** What is remembered: an empty object at first. */
export function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Remembers `changes` besides; false where the browser keeps nothing. */
export function remember(changes) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...recall(), ...changes }));
    return true;
  } catch {
    return false;
  }
}

/** Forgets everything. */
export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There was nothing.
  }
}

/**
 * Keeps where to go back to after the reset, if the server said so, for the tab as well in which the emailed link opens. The
 * server looks at it again before it leads there.
 */
export function comeBack(url, { code_expires_in: code, link_expires_in: link }) {
  if (url) keep(encodeURIComponent(url), Math.max(code, link));
}

/** Forgets where to go back to. */
export const cameBack = () => keep('', 0);

function keep(value, seconds) {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `keyback-return=${value}; Path=/; Max-Age=${seconds}; SameSite=Lax${secure}`;
}

/** The page at `path`, which leads back to `url` as well: a browser may keep no cookies. */
export const next = (path, url) => (url ? `${path}?return_to=${encodeURIComponent(url)}` : path);

/** Remembers a request that was accepted for `email`. No code of it was tried yet. */
export function started(email, { resend_after, code_length }) {
  forget();
  return remember({ email, code_length, resend_at: Date.now() + resend_after * 1000 });
}
