// The client in clients/typescript as a portal's page on another origin loads it, in the page and in a worker.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startApp, workspace } from './app.js';
import { launch, visit } from './browser.js';

const run = promisify(execFile);
const folder = join(workspace, 'clients/typescript');

// The portal's calls, wherever they run. They return what they saw in a form that a worker can post.
const CALLS = `
import { KeybackError, createKeyback, unwrap } from '/index.js';

export async function makeCalls(baseUrl, email) {
  const keyback = createKeyback({ baseUrl });
  const policy = await unwrap(keyback.GET('/v1/password-policy'));
  const asked = await unwrap(keyback.POST('/v1/forgot-password', { body: { email } }));
  const error = await unwrap(keyback.POST('/v1/forgot-password', { body: { email: 'nobody' } })).catch((it) => it);
  const { status, kind, requestId, errors } = error;
  return { policy, asked, refused: { isOurs: error instanceof KeybackError, status, kind, requestId, errors } };
}
`;
const WORKER = `
import { makeCalls } from '/calls.js';

self.onmessage = async ({ data: [baseUrl, email] }) => {
  self.postMessage(await makeCalls(baseUrl, email).catch((error) => ({ failed: String(error) })));
};
`;

// Each place, and how a page makes the calls there.
const PLACES = {
  page: async ([baseUrl, email]) => (await import('/calls.js')).makeCalls(baseUrl, email),
  worker: (call) => new Promise((resolve, reject) => {
    const worker = new Worker('/worker.js', { type: 'module' });
    worker.onerror = ({ message }) => reject(new Error(`the worker: ${message}`));
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(call);
  }),
};

let app;
let browser;
let built;
let portal;
let missing;
before(async () => {
  // As scripts/client-tests does.
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) {
    await run('npm', ['ci', '--ignore-scripts', '--no-progress'], { cwd: folder }).catch(() => {
      missing = `npm could not install what ${folder}/package-lock.json names`;
    });
  }
  if (missing) return;
  built = await mkdtemp(join(tmpdir(), 'keyback-client-'));
  await run('npx', ['--no-install', 'tsc', '--outDir', built], { cwd: folder });
  portal = await serve(built);
  [app, browser] = await Promise.all([startApp({ cors_origins: portal.origin }), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
  portal?.stop();
  if (built) await rm(built, { recursive: true });
});

for (const [place, makeCalls] of Object.entries(PLACES)) {
  test(`a portal on another origin uses the client in a ${place}`, async (t) => {
    if (missing) return t.skip(missing);
    const { email } = await app.createUser();
    const options = { baseURL: portal.origin, calls: [portal.origin], expectFailures: true };
    await visit(browser, app, options, async (page) => {
      await page.goto('/');
      const { policy, asked, refused, failed } = await page.evaluate(makeCalls, [app.origin, email]);
      assert.equal(failed, undefined);
      assert.deepEqual(policy, await (await fetch(`${app.origin}/v1/password-policy`)).json());
      const { code } = await app.mails.next(email);
      assert.equal(code.length, asked.code_length);
      const { isOurs, status, kind, requestId, errors } = refused;
      assert.deepEqual([isOurs, status, kind, errors[0].pointer], [true, 422, 'validation-failed', '/email']);
      // The app lets pages read this header.
      assert.match(requestId, /^[0-9a-f-]{36}$/u);
    });
  });
}

/** A portal that has an empty page, the built client and what it depends on. */
async function serve(client) {
  const fetcher = join(folder, 'node_modules/openapi-fetch/dist/index.mjs');
  const read = async (path) => {
    if (path === '/') return '<!doctype html><title>Portal</title><link rel="icon" href="data:,">';
    if (path === '/calls.js') return CALLS;
    if (path === '/worker.js') return WORKER;
    if (path === '/openapi-fetch.js') return readFile(fetcher, 'utf8');
    const module = await readFile(join(client, basename(path)), 'utf8');
    // What a bundler does. A page could have an import map instead, a worker none.
    return module.replaceAll("'openapi-fetch'", "'/openapi-fetch.js'");
  };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://portal.example.test');
    const type = pathname === '/' ? 'text/html' : 'text/javascript';
    try {
      const body = await read(pathname);
      response.writeHead(200, { 'Content-Type': type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
