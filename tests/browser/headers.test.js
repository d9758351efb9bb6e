// What the pages are sent with, what they load, and how large that is.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startApp, workspace } from './app.js';
import { launch, visit } from './browser.js';
import { states } from './states.js';

const PAGES = ['/', '/forgot-password', '/verify-otp', '/reset-password', '/cancel-recovery', '/problems/invalid-otp'];
const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const LIMIT = 60_000;

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

const fetched = (path, options = {}) => fetch(app.origin + path, { redirect: 'manual', ...options });

test('every page forbids storing, framing, referring, sniffing and anything from elsewhere', async () => {
  for (const path of [...PAGES, '/nothing-here']) {
    const answer = await fetched(path, { headers: BROWSER });
    assert.equal(answer.status, path === '/nothing-here' ? 404 : 200, path);
    const expected = {
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': null,
      'x-content-type-options': 'nosniff',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(answer.headers.get(name), value, `${path} ${name}`);
    assert.match(answer.headers.get('permissions-policy'), /camera=\(\)/);
    assert.match(answer.headers.get('x-request-id'), /^[0-9a-f-]{36}$/);
    const html = await answer.text();
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:/i, path);
    for (const [, address] of html.matchAll(/\s(?:src|href)="([^"]*)"/g)) {
      assert.ok(/^\/(?!\/)/.test(address) || address === 'https://help.example.test/', `${path} leads to ${address}`);
    }
  }
});

test('a secure origin is kept secure', async () => {
  const secure = await startApp({ public_base_url: 'https://id.example.test' });
  try {
    for (const path of PAGES) {
      const { headers } = await fetch(secure.origin + path);
      assert.equal(headers.get('strict-transport-security'), 'max-age=31536000; includeSubDomains', path);
    }
  } finally {
    await secure.stop();
  }
});

test('a page is asked for with GET or HEAD, and changed by nothing', async () => {
  for (const path of [...PAGES, '/.well-known/change-password', '/assets/none/style.css']) {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const body = method === 'DELETE' ? undefined : new URLSearchParams({ email: 'ann@example.test' });
      const answer = await fetched(path, { method, body });
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.equal(answer.headers.get('allow'), 'GET, HEAD');
    }
  }
  const head = await fetched('/forgot-password', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});

test('the contract takes no form from anywhere', async () => {
  for (const path of ['/v1/forgot-password', '/v1/verify-otp', '/v1/reset-password', '/v1/reset-password/check', '/v1/password-policy/check', '/v1/cancel-recovery']) {
    const form = await fetched(path, { method: 'POST', body: new URLSearchParams({ email: 'ann@example.test', token: 'a' }) });
    const text = await fetched(path, { method: 'POST', body: '{"email":"ann@example.test"}', headers: { 'Content-Type': 'text/plain' } });
    assert.deepEqual([form.status, text.status], [415, 415], path);
  }
});

test('password managers find the page, and nothing that is not there', async () => {
  const found = await fetched('/.well-known/change-password');
  assert.equal(found.status, 302);
  assert.equal(found.headers.get('location'), '/forgot-password');
  assert.equal(found.headers.get('cache-control'), 'no-store');
  for (const path of [
    // https://w3c.github.io/webappsec-change-password-url/response-code-reliability.html
    '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200',
    '/.well-known/',
    '/.well-known',
    '/.well-known/change-password/more',
  ]) {
    assert.equal((await fetched(path)).status, 404, path);
    assert.equal((await fetched(path, { headers: BROWSER })).status, 404, path);
  }
});

test('files are kept, under their version only', async () => {
  const html = await (await fetched('/reset-password')).text();
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  assert.ok(files.length >= 6, files.join());
  for (const path of files) {
    const answer = await fetched(path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    const stale = await fetched(path.replace(/\/assets\/[0-9a-f]+\//, '/assets/0000000000000000/'));
    assert.equal(stale.status, 404);
    assert.equal(stale.headers.get('cache-control'), 'no-store');
  }
});

test('each page is small, all that it loads included', async (t) => {
  for (const name of ['start', 'forgot', 'code', 'password', 'cancel', 'problem', 'missing']) {
    await visit(browser, app, { expectFailures: true }, async (page, context) => {
      const bodies = new Map();
      page.on('response', (response) => bodies.set(response.url(), response.body().catch(() => Buffer.alloc(0))));
      if (name === 'code') {
        // With what the previous page stored, but without what it loaded.
        await states.code(page);
        await page.waitForLoadState('networkidle');
        const kept = await context.newCDPSession(page);
        await kept.send('Network.clearBrowserCache');
        bodies.clear();
        await page.reload({ waitUntil: 'networkidle' });
      } else {
        await states[name](page, app);
        await page.waitForLoadState('networkidle');
      }
      const sizes = await Promise.all(bodies.values());
      const total = sizes.reduce((sum, body) => sum + body.length, 0);
      t.diagnostic(`${name}: ${total} bytes in ${bodies.size} answers`);
      assert.ok(total > 2000 && total <= LIMIT, `${name} has ${total} bytes`);
    });
  }
});

// Unlike `fetch`, this neither asks for a compressed answer by itself nor decompresses one.
const raw = (method, path, headers = {}) => new Promise((resolve, reject) => {
  const sent = request(app.origin + path, { method, headers }, async (answer) => {
    const parts = await answer.toArray();
    resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) });
  });
  sent.on('error', reject).end();
});

test('files are compressed for clients that accept gzip, and only for them', async () => {
  const files = new Map();
  for (const page of ['/reset-password', '/portal']) {
    const { body } = await raw('GET', page);
    for (const [path, name] of body.toString().matchAll(/\/assets\/[0-9a-f]{16}\/([a-z0-9./-]+\.[a-z]+)/gi)) files.set(path, name);
  }
  const names = [...files.values()];
  for (const name of ['lang/en.json', 'portal/lang/en.json', 'portal/main.js', 'reset-password.js', 'style.css']) {
    assert.ok(names.some((it) => name.endsWith(it)), `${name} is not among ${names}`);
  }
  for (const path of files.keys()) {
    const plain = await raw('GET', path);
    const compressed = await raw('GET', path, { 'accept-encoding': 'br, gzip' });
    const head = await raw('HEAD', path, { 'accept-encoding': 'gzip' });
    assert.equal(plain.status, 200, path);
    assert.equal(plain.headers['content-encoding'], undefined, path);
    assert.equal(compressed.headers['content-encoding'], 'gzip', path);
    assert.deepEqual(gunzipSync(compressed.body), plain.body, path);
    for (const answer of [plain, compressed, head]) assert.equal(answer.headers.vary, 'accept-encoding', path);
    for (const answer of [plain, compressed]) assert.equal(Number(answer.headers['content-length']), answer.body.length, path);
    assert.equal(head.headers['content-length'], compressed.headers['content-length'], path);
  }
  const [path] = [...files].find(([, name]) => name === 'style.css');
  const source = join(workspace, 'components/pages/static/style.css');
  assert.deepEqual((await raw('GET', path)).body, readFileSync(source));
});

test('the document of the API is compressed, and a client that has it is told so', async () => {
  const plain = await raw('GET', '/v1/openapi.json');
  const compressed = await raw('GET', '/v1/openapi.json', { 'accept-encoding': 'gzip' });
  assert.equal(JSON.parse(plain.body).openapi, '3.1.0');
  assert.deepEqual(gunzipSync(compressed.body), plain.body);
  assert.ok(compressed.body.length < plain.body.length / 4);
  assert.match(plain.headers.etag, /^W\//);
  assert.equal(compressed.headers.etag, plain.headers.etag);
  const known = await raw('GET', '/v1/openapi.json', { 'if-none-match': plain.headers.etag, 'accept-encoding': 'gzip' });
  assert.equal(known.status, 304);
  assert.equal(known.body.length, 0);
  for (const answer of [plain, compressed, known]) assert.equal(answer.headers.vary, 'accept-encoding');
});
