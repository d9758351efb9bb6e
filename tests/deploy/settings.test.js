// deploy/new-settings and deploy/backup: from nothing to an app that serves, and back after a loss.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newPassword, startApp } from '../browser/app.js';
import { STATE_LIMIT, until } from '../browser/limits.js';
import { needs, read, readSettings, run, scratch, start } from './tools.js';

const STORE = 'state/sqlite_key_value.db';

test('new settings are readable by their owner only, and the app serves once the provider is filled in', { skip: needs('openssl') }, async (t) => {
  const folder = join(await scratch(t), 'settings');
  const made = run('deploy/new-settings', [folder, 'https://id.example.com/']);
  assert.equal(made.status, 0, made.all);
  for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  const settings = await readSettings(join(folder, 'keyback.env'));
  assert.equal(settings.public_base_url, 'https://id.example.com');
  assert.equal(Buffer.from(settings.secret_key, 'base64').length, 32);

  const unfilled = await startApp(settings);
  t.after(unfilled.stop);
  const bad = await (await fetch(`${unfilled.origin}/v1/health`)).json();
  for (const name of ['email_provider', 'email_api_key', 'email_from']) assert.match(JSON.stringify(bad), new RegExp(name));

  // The test's own provider stands in for the three variables.
  const { email_provider, email_api_key, email_from, ...rest } = settings;
  assert.deepEqual([email_provider, email_api_key, email_from], ['', '', '']);
  const app = await startApp(rest);
  t.after(app.stop);
  assert.deepEqual(await (await fetch(`${app.origin}/v1/health`)).json(), { status: 'ok' });
  const call = (key, path, body) => fetch(app.origin + path, {
    method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  const portal = (await readFile(join(folder, 'portal-key'), 'utf8')).trim();
  const [, courier] = (await readFile(join(folder, 'courier-key'), 'utf8')).match(/Bearer (kb_courier_\w+)"/);
  const account = { email: 'someone@example.test', password: newPassword() };
  assert.equal((await call(courier, '/v1/admin/users', account)).status, 403);
  assert.equal((await call(portal, '/v1/admin/users', account)).status, 201);
  assert.equal((await call(portal, '/v1/sign-in', account)).status, 200);
  assert.equal((await call(portal, '/v1/courier/run')).status, 403);
  assert.equal((await call(courier, '/v1/courier/run')).status, 200);
});

test('the README\'s loop exports the settings as they are in the file', { skip: needs('openssl') }, async (t) => {
  const folder = join(await scratch(t), 'settings');
  assert.equal(run('deploy/new-settings', [folder, 'https://id.example.com']).status, 0);
  const file = join(folder, 'keyback.env');
  await writeFile(file, `${await readFile(file, 'utf8')}SPIN_VARIABLE_APP_NAME=Ann's "$HOME" \`x\` \\ app\n`);
  const loop = (await read('README.md')).split('\n').find((line) => line.includes('/etc/keyback/keyback.env')).trim();
  for (const shell of ['bash', 'sh']) {
    const { status, output, errors } = run(shell, ['-euc', `${loop.replace('/etc/keyback', folder)}\nenv -0`], { env: { PATH: process.env.PATH } });
    assert.equal(status, 0, errors);
    const found = output.split('\0').filter((it) => it.startsWith('SPIN_VARIABLE_')).map((it) => [it.split('=')[0].slice(14).toLowerCase(), it.slice(it.indexOf('=') + 1)]);
    assert.deepEqual(Object.fromEntries(found), await readSettings(file), shell);
  }
});

test('new settings overwrite nothing and need an https origin', { skip: needs('openssl') }, async (t) => {
  const folder = await scratch(t);
  assert.equal(run('deploy/new-settings', [folder, 'https://id.example.com']).status, 1);
  for (const origin of ['http://id.example.com', 'id.example.com', 'https://id.example.com/path', 'https://']) {
    const refused = run('deploy/new-settings', [join(folder, 'settings'), origin]);
    assert.deepEqual([refused.status, refused.output], [1, ''], origin);
  }
  assert.deepEqual(await readdir(folder), []);
});

test('the drill: a backup of a running app is restored, and its users sign in', { skip: needs('sqlite3') }, async (t) => {
  const folder = await scratch(t);
  const backups = join(folder, 'backups');
  await mkdir(backups);
  const secret = { secret_key: randomBytes(32).toString('base64') };
  const before = await startApp(secret, folder);
  t.after(before.stop);
  const user = await before.createUser();
  const copied = run('deploy/backup', [join(folder, STORE), backups]);
  assert.equal(copied.status, 0, copied.all);
  const lost = await before.createUser();
  await before.stop();

  await rm(join(folder, 'state'), { recursive: true });
  await mkdir(join(folder, 'state'));
  await writeFile(join(folder, STORE), await readFile(copied.output.trim()), { mode: 0o600 });
  const prepared = run('scripts/prepare-store', [join(folder, STORE)]);
  assert.equal(prepared.status, 0, prepared.all);
  const after = await startApp(secret, folder);
  t.after(after.stop);
  assert.ok(await after.signsIn(user.email, user.password));
  assert.ok(!await after.signsIn(lost.email, lost.password));
});

test('a rehearsal with the page\'s settings sends no email that is queued in the copy', { skip: needs('sqlite3') }, async (t) => {
  const folder = await scratch(t);
  const secret = { secret_key: randomBytes(32).toString('base64') };
  const before = await startApp(secret, folder);
  t.after(before.stop);
  before.mails.answerWith(500);
  const user = await before.createUser();
  await before.call('POST', '/v1/forgot-password', { email: user.email });
  const queued = (app) => async () => (await (await app.call('GET', '/v1/admin/emails')).json()).emails.find((it) => it.user_id === user.id && it.attempts > 0);
  await until(queued(before), 'an attempt');
  await before.stop();

  const [, lines] = (await read('docs/deploy.md')).match(/^cat >>\/etc\/keyback\/keyback\.env <<'SETTINGS'\n([\s\S]*?)^SETTINGS$/m);
  await writeFile(join(folder, 'rehearsal.env'), lines);
  const settings = await readSettings(join(folder, 'rehearsal.env'));
  assert.equal(Object.keys(settings).length, 4);
  const rehearsal = await startApp({ ...secret, ...settings }, folder);
  t.after(rehearsal.stop);
  assert.equal((await rehearsal.call('GET', '/v1/health')).status, 200);
  assert.ok(await rehearsal.signsIn(user.email, user.password));
  const tried = await until(async () => {
    assert.equal((await rehearsal.call('POST', '/v1/courier/run')).status, 200);
    const mail = await queued(rehearsal)();
    return mail?.attempts > 1 && mail;
  }, 'another attempt');
  assert.deepEqual([tried.state, tried.last_error], ['pending', 'resend: could not connect']);
  assert.equal(rehearsal.mails.count(user.email), 0);
});

test('a restore, or a rehearsal, starts no courier, which would send what is queued', async () => {
  const [, section] = (await read('docs/deploy.md')).split('\n## Backup and restore\n');
  const drill = [...section.split('\n## ')[0].matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block).find((block) => block.includes('set-aside/'));
  assert.match(drill, /^systemctl stop .*keyback-courier\.timer/m);
  assert.doesNotMatch(drill, /^systemctl start .*courier/m);
  const compose = (await read('docs/deploy.md')).match(/^docker compose run .* sh -c .*\n(docker compose up .*)$/m)[1];
  assert.match(compose, /^docker compose up --detach keyback proxy( |$)/);
});

test('the drill with Docker Compose, as far as its lines run in the container', { skip: needs('sqlite3') }, async (t) => {
  const folder = await scratch(t);
  const state = join(folder, 'state');
  const secret = { secret_key: randomBytes(32).toString('base64') };
  const before = await startApp(secret, folder);
  t.after(before.stop);
  const user = await before.createUser();
  const page = await read('docs/deploy.md');
  // In place of Docker: what is after the service's name runs here, with the volume's folder and the app's.
  const compose = (lines) => run('bash', ['-euo', 'pipefail', '-c', `
    docker() {
      case "$2" in exec | run) while [ "$1" != keyback ]; do shift; done; shift; "$@" ;; cp) cp "\${3#keyback:}" "$4" ;; esac
    }
    ${lines.replaceAll('/opt/keyback/', './').replaceAll('/var/lib/keyback-backups', `${folder}/copies`).replaceAll('/var/lib/keyback', state)}`]);

  const [, nightly] = page.match(/^10 3 \* \* \* root cd \S+ && (.*)$/m);
  const copied = compose(nightly);
  assert.equal(copied.status, 0, copied.all);
  const [copy] = await readdir(join(folder, 'copies'));
  assert.match(copy, /^keyback-\d{8}T\d{6}Z\.db$/);
  const lost = await before.createUser();
  await before.stop();

  const [drill] = page.match(/^docker compose run .* sh -c .*$/m);
  const restored = compose(drill.replace(/<\S+$/, `<${join(folder, 'copies', copy)}`));
  assert.equal(restored.status, 0, restored.all);
  const prepared = run('scripts/prepare-store', [join(folder, STORE)]);
  assert.equal(prepared.status, 0, prepared.all);
  const after = await startApp(secret, folder);
  t.after(after.stop);
  assert.ok(await after.signsIn(user.email, user.password));
  assert.ok(!await after.signsIn(lost.email, lost.password));
  assert.ok((await readdir(join(state, 'set-aside'))).includes('sqlite_key_value.db'));
});

// It commits as fast as it can, and notes what it has committed.
const WRITER = `
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
number = 0
while True:
    number += 1
    store.execute("INSERT INTO spin_key_value VALUES ('default', ?, x'01')", (f"written-{number}",))
    print(number, flush=True)
`;

test('a backup ends beside a program that writes all the time, and has all that was committed before', { skip: needs('sqlite3', 'python3') }, async (t) => {
  const folder = await scratch(t);
  const [store, backups] = [join(folder, 'store.db'), join(folder, 'backups')];
  await mkdir(backups);
  assert.equal(run('scripts/prepare-store', [store]).status, 0);
  // Large enough that another process commits again and again while it is copied.
  run('sqlite3', [store, `WITH RECURSIVE row(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 40000)
    INSERT INTO spin_key_value SELECT 'default', 'account-' || n, randomblob(500) FROM row`]);
  // Its output goes to a file, since this process only waits while the backup runs.
  const committed = join(folder, 'committed');
  const writer = start('bash', ['-c', 'exec python3 -c "$0" "$1" >"$2"', WRITER, store, committed]);
  t.after(() => writer.stop('SIGKILL'));
  const last = async () => Number((await readFile(committed, 'utf8').catch(() => '')).trim().split('\n').at(-1));
  await until(async () => await last() > 20, 'the first writes');
  const before = await last();

  const copied = run('deploy/backup', [store, backups], { timeout: STATE_LIMIT });
  assert.equal(copied.status, 0, `${copied.all}: it did not end, or failed`);
  const [copy, ...others] = await readdir(backups);
  assert.deepEqual(others, []);
  assert.equal(copied.output, `${join(backups, copy)}\n`);
  const ask = (query) => run('sqlite3', [join(backups, copy), query]).output.trim();
  assert.equal(ask('PRAGMA integrity_check'), 'ok');
  const count = Number(ask("SELECT count(*) FROM spin_key_value WHERE key LIKE 'written-%'"));
  assert.ok(count >= before, `${count} of at least ${before}`);
  assert.equal(ask("SELECT count(*) FROM spin_key_value WHERE key = 'written-1' OR key = 'written-" + count + "'"), '2');
  assert.equal(ask("SELECT count(*) FROM spin_key_value WHERE key LIKE 'account-%'"), '40000');
});

test('a backup keeps the newest fourteen, and refuses what is no store', { skip: needs('sqlite3') }, async (t) => {
  const folder = await scratch(t);
  const store = join(folder, 'store.db');
  const backups = join(folder, 'backups');
  await mkdir(backups);
  assert.equal(run('deploy/backup', [store, backups]).status, 1);
  run('scripts/prepare-store', [store]);
  const empty = run('deploy/backup', [store, backups]);
  assert.equal(empty.status, 1);
  assert.match(empty.errors, /is damaged or empty/);
  assert.deepEqual(await readdir(backups), []);

  run('sqlite3', [store, "INSERT INTO spin_key_value VALUES ('default', 'key', x'01')"]);
  for (let day = 10; day < 26; day++) await writeFile(join(backups, `keyback-202601${day}T031000Z.db`), '');
  const copied = run('deploy/backup', [store, backups]);
  assert.equal(copied.status, 0, copied.all);
  const left = (await readdir(backups)).sort();
  assert.equal(left.length, 14);
  assert.equal(left[0], 'keyback-20260113T031000Z.db');
  assert.equal(join(backups, left.at(-1)), copied.output.trim());
});
