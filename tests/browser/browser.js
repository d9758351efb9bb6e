// A browser that reports its pages: every request to another origin, every error and every violation of the content
// security policy is recorded, and fails a test.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { STATE_LIMIT, until } from './limits.js';

// What Chromium needs as root in a container, and what keeps it from calling home.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--no-first-run', '--disable-quic', '--disable-dev-shm-usage', '--disable-default-apps', '--disable-extensions',
];

export function launch() {
  return chromium.launch({
    executablePath: process.env.KEYBACK_CHROMIUM || '/usr/bin/chromium', args: FLAGS, timeout: STATE_LIMIT,
  });
}

// Each page's requests in flight.
const underWay = new WeakMap();

/** Runs `act` with a page in a fresh profile: nothing is shared with any other page. `calls` are origins besides the app's. */
export async function visit(browser, app, options, act) {
  const complaints = [];
  const { expectFailures = false, damagedLinks = false, calls = [], ...rest } = options;
  const context = await browser.newContext({ baseURL: app.origin, locale: 'en', ...rest });
  context.setDefaultTimeout(STATE_LIMIT);
  try {
    const page = await context.newPage();
    refuseFragments(page);
    const requests = new Set();
    underWay.set(page, requests);
    page.on('request', (request) => requests.add(request));
    for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => requests.delete(request));
    page.on('request', (request) => {
      const isExpected = [app.origin, ...calls].some((origin) => request.url().startsWith(`${origin}/`));
      if (!isExpected) complaints.push(`a request to ${request.url()}`);
      // What is as long as a token, or says that it is one.
      if (!damagedLinks && /[\w-]{43}|token=/.test(request.url())) complaints.push(`a token in ${request.url()}`);
    });
    page.on('pageerror', (error) => complaints.push(`an error: ${error.message}`));
    page.on('console', (message) => {
      // Chromium itself reports every answer from 400 on.
      const isStatus = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isStatus) complaints.push(`on the console: ${message.text()}`);
      if (isStatus && !expectFailures) complaints.push(`${message.text()} ${message.location().url}`);
    });
    await act(page, context);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

/**
 * Makes `page.goto` refuse an address that differs from the page's own only in its fragment: no page is loaded for it,
 * and a page that reloads itself for it does so some time later. The portal draws another view at once.
 */
function refuseFragments(page) {
  const goto = page.goto.bind(page);
  page.goto = (address, options) => {
    const from = page.url();
    const to = URL.canParse(address, from) ? new URL(address, from) : undefined;
    if (to?.hash && to.pathname !== '/portal' && to.href !== from && to.href.split('#')[0] === from.split('#')[0]) {
      throw new Error(`${address} loads no page after ${from}: vary the query`);
    }
    return goto(address, options);
  };
}

/** The heading of the view that is shown. */
export const heading = (page) => page.locator('h1:visible');

/** The error that the page shows, at a field or above the button. */
export const summary = (page) => page.locator('main .error:visible');

/** Waits until no request is in flight and the page has rendered the answers. */
export async function quiet(page) {
  await until(() => underWay.get(page).size === 0, 'the end of all requests');
  await drawn(page);
}

/** Waits for two frames, so that handlers that were due have run. */
export const drawn = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(resolve));
}));
