// The metrics of the running app, and the scrape and the alerts that deploy/ has for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApp } from '../browser/app.js';
import { until } from '../browser/limits.js';
import { needs, read, run } from './tools.js';

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
