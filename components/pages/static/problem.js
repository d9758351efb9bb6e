// The foot of the page leads to the page in another language. Whoever goes there has the next pages in it as well: the
// server reads the cookie.

for (const link of document.querySelectorAll('[data-language]')) {
  link.addEventListener('click', () => {
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = `keyback-language=${link.dataset.language}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  });
}
