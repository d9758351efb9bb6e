// The app does what docs/openapi.yaml says: Schemathesis makes calls of the document, good ones and bad ones, follows its links,
// and checks each answer against it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startApp } from '../browser/app.js';

/** Seconds after which Schemathesis stops by itself. */
const BUDGET = 75;
const config = new URL('schemathesis.toml', import.meta.url).pathname;
const hooks = new URL('hooks.py', import.meta.url).pathname;

let app;
let folder;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyback-schemathesis-'));
  app = await startApp({ cooldown_seconds: '0', limit_account: '100000/60' });
});
after(async () => {
  await app?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs Schemathesis with the document at `location`: its status, and what it prints. */
async function schemathesis(location, ...options) {
  const program = process.env.KEYBACK_SCHEMATHESIS;
  assert.ok(program, 'scripts/contract-tests sets KEYBACK_SCHEMATHESIS');
  const run = spawn(program, ['--config-file', config, 'run', location, '--url', app.origin, ...options], {
    cwd: folder,
    env: { ...process.env, KEYBACK_KEY: app.key, KEYBACK_HOOKS: hooks, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (text) => { printed += text; });
  const status = await new Promise((resolve, reject) => run.once('close', resolve).once('error', reject));
  return { status, printed };
}

/** What `printed` says of the failures, or its end if it says nothing of them. */
function failures(printed) {
  return /=+ FAILURES =+[^]*?(?==+ WARNINGS|=+ SUMMARY|$)/u.exec(printed)?.[0] ?? printed.slice(-20_000);
}

test('Schemathesis finds nothing, with all checks and by links', async () => {
  const { status, printed } = await schemathesis(`${app.origin}/v1/openapi.json`, '--max-time', String(BUDGET));
  console.log(printed.split('\n').slice(-25).join('\n'));
  assert.equal(status, 0, failures(printed));
  // It stops after the budget. A machine that is too slow does not come to every phase and operation by then.
  assert.match(printed, /✅ +Examples\s+✅ +Coverage\s+✅ +Fuzzing\s+✅ +Stateful\s/u, 'not every phase ended');
  assert.match(printed, /Selected: (\d+)\/\1\s+Tested: \1\s/u, 'not every operation was tested');
});

test('Schemathesis finds a document that is not true', async () => {
  const document = await (await fetch(`${app.origin}/v1/openapi.json`)).json();
  const { get } = document.paths['/v1/password-policy'];
  get.responses = { 201: get.responses[200] };
  const lie = join(folder, 'openapi.json');
  await writeFile(lie, JSON.stringify(document));
  const { status, printed } = await schemathesis(lie, '--include-path', '/v1/password-policy', '--phases', 'fuzzing');
  assert.equal(status, 1, printed);
  assert.match(printed, /Undocumented status code/u);
});
