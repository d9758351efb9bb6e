// deploy/systemd: units that systemd understands, confined, and whose calls work on the running app.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../browser/app.js';
import { needs, read, readSettings, run, scratch, workspace } from './tools.js';

const FOLDER = 'deploy/systemd';

/** The command of a unit's service, as systemd would run it here. */
async function command(unit, replacements) {
  const text = await read(`${FOLDER}/${unit}`);
  const [, line] = text.match(/^ExecStart=(.*)$/m);
  const words = Object.entries(replacements).reduce((all, [from, to]) => all.replaceAll(from, to), line).split(' ');
  return { program: words[0], args: words.slice(1) };
}

test('systemd-analyze accepts the units and rates them as confined', { skip: needs('systemd-analyze') }, async (t) => {
  const folder = await scratch(t);
  const units = (await readdir(join(workspace, FOLDER))).filter((name) => /\.(service|timer)$/.test(name));
  assert.ok(units.length >= 8, units.join());
  for (const unit of units) {
    // Spin is not installed where the tests run, nor the app where the units expect it.
    const text = (await read(`${FOLDER}/${unit}`)).replaceAll('/usr/local/bin/spin', '/bin/true').replaceAll('/opt/keyback/', workspace);
    await writeFile(join(folder, unit), text);
  }
  const verified = run('systemd-analyze', ['verify', '--man=no', ...units.map((unit) => join(folder, unit))], { cwd: folder });
  assert.deepEqual([verified.status, verified.all], [0, '']);
  for (const unit of ['keyback', 'keyback-courier', 'keyback-health', 'keyback-backup']) {
    const exposure = run('systemd-analyze', ['security', '--offline=true', '--threshold=30', join(folder, `${unit}.service`)]);
    assert.equal(exposure.status, 0, exposure.all);
  }
});

test('every service that runs once has a time limit, since systemd has none for it', async () => {
  const once = [];
  for (const unit of (await readdir(join(workspace, FOLDER))).filter((name) => name.endsWith('.service'))) {
    const text = await read(`${FOLDER}/${unit}`);
    if (/^Type=oneshot$/m.test(text)) once.push([unit, /^TimeoutStartSec=\d/m.test(text)]);
  }
  assert.ok(once.length >= 4, once.join());
  assert.deepEqual(once.filter(([, isLimited]) => !isLimited), []);
});

test('the journal of the units is limited in size and age', async () => {
  const limits = await read(`${FOLDER}/journald@keyback.conf`);
  assert.match(limits, /^SystemMaxUse=/m);
  assert.match(limits, /^MaxRetentionSec=/m);
  for (const unit of ['keyback', 'keyback-courier', 'keyback-health', 'keyback-backup']) {
    assert.match(await read(`${FOLDER}/${unit}.service`), /^LogNamespace=keyback$/m);
  }
});

test('the timers\' calls work with fresh settings', { skip: needs('curl', 'openssl') }, async (t) => {
  const folder = await scratch(t);
  const made = run('deploy/new-settings', [join(folder, 'settings'), 'https://id.example.com']);
  assert.equal(made.status, 0, made.all);
  const settings = await readSettings(join(folder, 'settings/keyback.env'));
  const app = await startApp({ api_keys: settings.api_keys });
  t.after(app.stop);
  await mkdir(join(folder, 'credentials'));
  await copyFile(join(folder, 'settings/courier-key'), join(folder, 'credentials/courier-key'));
  const here = { 'http://127.0.0.1:3000': app.origin, '%d': join(folder, 'credentials') };

  const courier = await command('keyback-courier.service', here);
  const worked = run(courier.program, courier.args);
  assert.equal(worked.status, 0, worked.all);
  assert.equal(JSON.parse(worked.output).failed, 0);
  assert.ok(!courier.args.join(' ').includes('kb_'), 'the key is in the list of processes');

  const health = await command('keyback-health.service', here);
  assert.equal(run(health.program, health.args).status, 0);
});

test('the health check restarts an app that gives no answer, and leaves one that answers 503', { skip: needs('curl') }, async (t) => {
  const app = await startApp({ email_from: 'nonsense' });
  t.after(app.stop);
  const quick = { '--retry 4 --retry-delay 5': '--retry 1 --retry-delay 1', 'http://127.0.0.1:3000': app.origin };
  const health = await command('keyback-health.service', quick);
  assert.equal((await fetch(`${app.origin}/v1/health`)).status, 503);
  assert.equal(run(health.program, health.args).status, 0);
  await app.stop();
  assert.notEqual(run(health.program, health.args).status, 0);
  assert.match(await read(`${FOLDER}/keyback-health.service`), /^OnFailure=keyback-restart.service$/m);
});

test('the health checks repeat a call whose connection is closed without an answer, or reset', { skip: needs('curl') }, async (t) => {
  const breaks = [(socket) => socket.end(), (socket) => socket.resetAndDestroy()];
  let calls = 0;
  const server = createServer((socket) => {
    const hangUp = breaks[calls++ % (breaks.length + 1)];
    socket.on('error', () => {});
    socket.once('data', () => (hangUp ? hangUp(socket) : socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const quickly = (text) => text.replace(/--retry-delay \d+/, '--retry-delay 1').replace(/http:\/\/127\.0\.0\.1:3000/, `http://127.0.0.1:${server.address().port}`);
  const [, inCompose] = (await read('deploy/compose.yaml')).match(/CMD-SHELL", "(curl .*) \|\| kill/);
  const lines = [inCompose, ...['keyback-health.service', 'keyback.service'].map(async (unit) => (await read(`${FOLDER}/${unit}`)).match(/^ExecStart(?:Post)?=(\S*curl .*)$/m)[1])];
  for (const line of await Promise.all(lines)) {
    calls = 0;
    const ended = spawn('sh', ['-c', quickly(line)], { stdio: 'ignore' });
    assert.equal(await new Promise((resolve) => ended.once('exit', resolve)), 0, line);
    assert.equal(calls, 3, line);
  }
});

test('a store that does not answer restarts nothing, and shows in health and in the scrape', {
  skip: needs('curl') || (process.env.KEYBACK_SPIN ? 'only a file of the embedded host can be told to stall' : false),
}, async (t) => {
  const folder = await scratch(t);
  const app = await startApp({}, folder);
  t.after(app.stop);
  const status = async (path) => (await app.call('GET', path)).status;
  assert.deepEqual([await status('/v1/health'), await status('/v1/metrics')], [200, 200]);
  const stalled = join(folder, 'state/sqlite_key_value.stalled');
  await writeFile(stalled, '');
  const [healthy, scraped] = [await app.call('GET', '/v1/health'), await status('/v1/metrics')];
  assert.deepEqual([healthy.status, scraped], [503, 503]);
  assert.match((await healthy.json()).reasons.join(), /the store failed/);
  // The calls of the timer and of the liveness probe both succeed.
  const health = await command('keyback-health.service', { 'http://127.0.0.1:3000': app.origin });
  assert.equal(run(health.program, [...health.args.slice(0, -1), '--retry-max-time', '5', health.args.at(-1)]).status, 0);
  assert.equal(await status('/.well-known/spin/health'), 200);
  await rm(stalled);
  assert.equal(await status('/v1/health'), 200);
});
