// The metrics of the running app, and the scrape and the alerts that deploy/ has for them.

import assert from 'node:assert/strict';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, startApp } from '../browser/app.js';
import { until } from '../browser/limits.js';
import { needs, read, readSettings, run, scratch, start, workspace } from './tools.js';

const promtool = (args, options) => {
  const { status, all } = run('promtool', args, options);
  assert.equal(status, 0, all);
  return all;
};

test('promtool accepts the scrape and the alerts, which fire when they should', { skip: needs('promtool') }, () => {
  promtool(['check', 'config', '--syntax-only', 'deploy/prometheus/prometheus.yml']);
  promtool(['check', 'rules', 'deploy/prometheus/keyback.rules.yml']);
  promtool(['test', 'rules', 'tests/deploy/keyback.rules.test.yml']);
});

test('each alert has a row in the documentation and a case of its own', async () => {
  const rules = await read('deploy/prometheus/keyback.rules.yml');
  const [docs, cases] = [await read('docs/monitoring.md'), await read('tests/deploy/keyback.rules.test.yml')];
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
  assert.ok(alerts.length >= 7);
  for (const name of alerts) {
    assert.ok(docs.includes(`| \`${name}\` |`), `docs/monitoring.md does not describe ${name}`);
    assert.equal(cases.split(`alertname: ${name}`).length, 3, `${name} has no case in which it fires, or none in which it does not`);
  }
});

test('the app\'s metrics are what Prometheus reads, and are all documented', { skip: needs('promtool') }, async (t) => {
  const app = await startApp();
  t.after(() => app.stop());
  const user = await app.createUser();
  assert.ok(await app.signsIn(user.email, user.password));
  await app.recoveryMail(user.email);
  let text;
  await until(async () => {
    text = await (await app.call('GET', '/v1/metrics')).text();
    return /emails_total\{state="sent"/.test(text) && /calls_total\{method="POST",route="\/v1\/sign-in"/.test(text);
  }, 'the counts');
  assert.equal(promtool(['check', 'metrics'], { input: text }), '');

  const families = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  const [docs, rules] = [await read('docs/monitoring.md'), await read('deploy/prometheus/keyback.rules.yml')];
  for (const name of families) assert.ok(docs.includes(`| \`${name}\` |`), `docs/monitoring.md does not describe ${name}`);
  for (const [name] of rules.matchAll(/\bkeyback_\w+/g)) {
    assert.ok(families.includes(name.replace(/_bucket$/, '')), `the alerts name ${name}, which the app does not have`);
  }
});

test('Prometheus scrapes the app with the key that the page\'s command makes', { skip: needs('prometheus', 'openssl', 'curl') }, async (t) => {
  const folder = await scratch(t);
  const settings = join(folder, 'keyback');
  assert.equal(run('deploy/new-settings', [settings, 'https://id.example.com']).status, 0);
  const { api_keys } = await readSettings(join(settings, 'keyback.env'));
  const app = await startApp({ api_keys });
  t.after(app.stop);

  const here = (text) => text.replaceAll('/etc/keyback', settings).replaceAll('/etc/prometheus', folder).replaceAll('http://127.0.0.1:3000', app.origin);
  const paste = (lines) => run('bash', ['-euo', 'pipefail', '-c', here(lines)]);
  const lines = (await read('docs/monitoring.md')).split('\n');
  const made = paste(lines.find((line) => line.startsWith('sed ')).replace(' -o prometheus', ''));
  assert.equal(made.status, 0, made.all);
  const key = join(folder, 'keyback-key');
  assert.equal((await stat(key)).mode & 0o777, 0o400);
  assert.match(await readFile(key, 'utf8'), /^kb_courier_[0-9a-f]{64}\n$/);
  assert.match(paste(lines.find((line) => line.startsWith('curl --silent --config /etc'))).output, /^# HELP keyback_/);

  const port = await freePort();
  await cp(join(workspace, 'deploy/prometheus'), folder, { recursive: true });
  const config = here(await read('deploy/prometheus/prometheus.yml')).replace('scheme: https', 'scheme: http').replace('id.example.com', new URL(app.origin).host)
    .replace('scrape_interval: 60s', 'scrape_interval: 1s').replace('scrape_timeout: 10s', 'scrape_timeout: 1s');
  await writeFile(join(folder, 'prometheus.yml'), config);
  await mkdir(join(folder, 'data'));
  const server = start('prometheus', [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]);
  t.after(() => server.stop());
  const ask = async (path) => (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()).data;
  const up = async () => (await ask('query?query=up%7Bjob%3D%22keyback%22%7D').catch(() => undefined))?.result?.[0]?.value[1];
  await until(async () => await up() === '1', 'a scrape').catch((error) => {
    throw new Error(`${error.message}\n${server.log()}`);
  });
  const rules = (await ask('rules')).groups[0].rules;
  assert.deepEqual(rules.filter(({ health }) => health === 'err'), []);
  assert.ok(rules.length >= 7);
});

test('the page names every limit that the alert on guessing matches', async () => {
  const rule = (await read('deploy/prometheus/keyback.rules.yml')).match(/limit=~"(sign-in-account[^"]*)"/)[1];
  const counted = [...(await read('crates/keyback/src/store/failed_attempts.rs')).matchAll(/"(failed-[a-z-]+)"/g)].map(([, name]) => name);
  const names = [...new Set([...rule.split('|').filter((name) => !name.includes('.*')), ...counted])];
  assert.ok(names.length >= 7, names.join());
  const docs = await read('docs/monitoring.md');
  for (const name of names) assert.ok(docs.includes(`\`${name}\``), `docs/monitoring.md does not name ${name}`);
});
