// deploy/'s files for containers and clusters, as far as schemas and a real Redis can tell.

import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../browser/limits.js';
import { needs, read, run, scratch, start, tools } from './tools.js';

/** What manifests.py finds, and how many objects it saw. */
function findings(kind) {
  const { status, output, errors } = run(join(tools, 'python'), ['tests/deploy/manifests.py', kind]);
  assert.equal(status, 0, errors);
  const lines = output.trim().split('\n');
  return { seen: Number(lines.pop()), found: lines };
}

test('the Kubernetes objects match Kubernetes\' schemas, with no unknown member', { skip: needs('kubernetes-validate') }, () => {
  assert.deepEqual(findings('kubernetes'), { seen: 9, found: [] });
});

test('the SpinKube objects match the operator\'s definitions, use Redis and set every required variable', { skip: needs('kubernetes-validate') }, () => {
  assert.deepEqual(findings('spinkube'), { seen: 2, found: [] });
});

test('compose.yaml is valid', { skip: needs('kubernetes-validate') }, () => {
  assert.deepEqual(findings('compose'), { seen: 1, found: [] });
});

test('Compose starts only if it is set who may administer, and the page sets all that it requires', async () => {
  const required = [...(await read('deploy/compose.yaml')).matchAll(/\$\{(\w+):\?[^}]+\}/g)].map(([, name]) => name);
  assert.deepEqual(required, ['KEYBACK_DOMAIN', 'KEYBACK_ADMINS']);
  const page = await read('docs/deploy.md');
  for (const name of required) assert.match(page, new RegExp(`^printf .*'${name}=YOUR.*>deploy/\\.env$`, 'm'));
});

test('hadolint accepts the Dockerfile, and all files name the same Spin', { skip: needs('hadolint') }, async () => {
  const checked = run('hadolint', ['--no-color', '--failure-threshold', 'warning', 'deploy/Dockerfile']);
  assert.equal(checked.status, 0, checked.all);
  const image = /ghcr\.io\/spinframework\/spin:(v[\d.]+)/;
  const [, inImage] = (await read('deploy/Dockerfile')).match(image);
  const [, inCluster] = (await read('deploy/kubernetes/executor.yaml')).match(image);
  assert.equal(inImage, inCluster);
  assert.match(await read('docs/deploy.md'), new RegExp(`\\b${inImage}\\b`));
});

test('all files limit Spin for as many requests at once as the figures are of', async () => {
  const page = await read('docs/deploy.md');
  const [, most] = page.match(/^The files of deploy\/ therefore pass on (\d+) requests at once, .*$/m);
  assert.match(await read('deploy/nginx/keyback.conf'), new RegExp(`max_conns=${most};`));
  const caddy = [...(await read('deploy/caddy/Caddyfile')).matchAll(/^\t\timport spin \S+ \S+ (\d+)$/gm)].map(([, count]) => Number(count));
  assert.equal(caddy.reduce((sum, count) => sum + count, 0), Number(most));
  assert.ok(page.includes(`[${most} requests at once](#sizing)`) && page.includes(`haproxy.org/pod-maxconn: "${most}"`));
  assert.match(await read('deploy/compose.yaml'), /^ {4}mem_limit: 1536m$/m);
  assert.match(await read('deploy/kubernetes/spinapp.yaml'), /limits: \{ memory: 1536Mi \}/);

  // The sizing table is of the benchmark's latest figures, of Spin with as many connections.
  const [, figures] = (await read('docs/performance.md')).split(`\n### ${most} connections\n`);
  const cells = (row) => row.split('|').slice(1, -1).map((cell) => cell.trim());
  const measured = new Map();
  let call;
  for (const row of figures.split('\n###')[0].split('\n').filter((line) => line.startsWith('|')).map(cells)) {
    call = row[0] || call;
    const number = (place) => Number(row[place].split(' ')[0]);
    if (row[1] === 'Spin') measured.set(call, [number(2), number(6), number(8)]);
  }
  const rows = { 'sign-ins': 'sign-in, right', 'new accounts': 'create an account', 'resets by code': 'reset-password, by code', 'recovery emails': 'forgot-password, known', pages: 'a page, `GET /forgot-password`' };
  const table = page.split('\n## Sizing\n')[1].split('\n').filter((line) => line.startsWith('| ')).map(cells);
  for (const [name, call] of Object.entries(rows)) {
    const [, ...shown] = table.find(([first]) => first.startsWith(name));
    assert.ok(measured.has(call), `docs/performance.md has no figures of Spin for ${call}: measure with KEYBACK_SPIN set`);
    for (const [place, text] of shown.entries()) {
      const value = text.replace(/ .*/, '').replace(',', '');
      assert.equal(value, measured.get(call)[place].toFixed(value.split('.')[1]?.length ?? 0), `${name}: ${text}`);
    }
  }
});

test('the development container has every package that CI installs', async () => {
  const ci = await read('.ci/run');
  const [, needs] = ci.match(/^for need in ([\s\S]*?); do/m);
  const packages = [...needs.matchAll(/[\w-]+:([\w-]+)/g)].map(([, name]) => name);
  packages.push(...needs.split(/[\s\\]+/).filter((need) => need && !need.includes(':')));
  packages.push(...[...ci.matchAll(/missing\+=\(([a-z][\w-]*)\)/g)].map(([, name]) => name));
  packages.push(...ci.match(/"\$\{missing\[@\]\}" (.*)$/m)[1].split(' '));
  assert.ok(packages.length >= 18, packages.join());
  const { onCreateCommand } = JSON.parse(await read('.devcontainer/devcontainer.json'));
  const installed = onCreateCommand.split(' ');
  assert.deepEqual(packages.filter((name) => !installed.includes(name)), []);
});

test('the store\'s settings start a Redis that keeps its data and admits only its one user', { skip: needs('redis-server', 'redis-cli', 'openssl') }, async (t) => {
  const folder = await scratch(t);
  assert.equal(run('deploy/new-settings', [join(folder, 'settings'), 'https://id.example.com']).status, 0);
  const manifest = await read('deploy/kubernetes/store.yaml');
  const [, settings] = manifest.match(/valkey\.conf: \|\n([\s\S]*?)\n---/);
  const here = settings.replaceAll(/^ {4}/gm, '').replace('/etc/valkey/users', join(folder, 'settings')).replace('/data', folder)
    .replace(/^bind .*$/m, 'port 0');
  const socket = join(folder, 'socket');
  await writeFile(join(folder, 'redis.conf'), `${here}\nunixsocket ${socket}\n`);
  const server = start('redis-server', [join(folder, 'redis.conf')]);
  t.after(() => server.stop('SIGKILL'));
  await until(() => /ready to accept connections/i.test(server.log()), 'Redis');

  const { username, password } = new URL(await readFile(join(folder, 'settings/store-url'), 'utf8'));
  const ask = (...command) => run('redis-cli', ['-s', socket, ...command]).all.trim();
  const authenticated = (...command) => run('redis-cli', ['-s', socket, '--no-auth-warning', '--user', username, ...command],
    { env: { ...process.env, REDISCLI_AUTH: password } }).all.trim();
  assert.match(ask('GET', 'key'), /NOAUTH/);
  // What Spin's store calls.
  assert.equal(authenticated('MSET', 'key', 'value', 'other', 'value'), 'OK');
  assert.equal(authenticated('INCRBY', 'counter', '1'), '1');
  assert.equal(authenticated('GET', 'key'), 'value');
  assert.equal(authenticated('EXISTS', 'key'), '1');
  assert.equal(authenticated('DEL', 'key', 'other'), '2');
  for (const harm of ['FLUSHALL', 'CONFIG', 'SHUTDOWN', 'ACL']) assert.match(authenticated(harm), /NOPERM|ERR/, harm);

  await server.stop('SIGKILL');
  const again = start('redis-server', [join(folder, 'redis.conf')]);
  t.after(() => again.stop('SIGKILL'));
  await until(() => /ready to accept connections/i.test(again.log()), 'Redis');
  assert.equal(authenticated('INCRBY', 'counter', '0'), '1');
});

test('a dump is converted for a server with appendonly, which would ignore it', { skip: needs('redis-server', 'redis-cli') }, async (t) => {
  const folder = await scratch(t);
  const socket = join(folder, 'socket');
  const serve = async (...settings) => {
    const server = start('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', ...settings]);
    t.after(() => server.stop('SIGKILL'));
    await until(() => /ready to accept connections/i.test(server.log()), 'Redis');
    return server;
  };
  const ask = (...command) => run('redis-cli', ['-s', socket, ...command]).all.trim();
  const first = await serve('--appendonly', 'no');
  ask('SET', 'account', 'value');
  ask('INCRBY', 'counter', '3');
  assert.equal(ask('SAVE'), 'OK');
  await first.stop();

  const restored = run('deploy/restore-dump', [folder]);
  assert.deepEqual([restored.status, restored.output], [0, `2 keys in ${folder}/appendonlydir\n`], restored.all);
  await rm(join(folder, 'dump.rdb'));
  await serve('--appendonly', 'yes');
  assert.equal(ask('GET', 'account'), 'value');
  assert.equal(ask('INCRBY', 'counter', '1'), '4');
  // Nothing is overwritten, and nothing is made from nothing.
  assert.equal(run('deploy/restore-dump', [folder]).status, 1);
});

test('a dump is put back in a cluster while nothing runs that writes, or sends emails', async (t) => {
  const folder = await scratch(t);
  const [, commands] = (await read('docs/deploy.md')).match(/```sh\n(mkdir restored && [\s\S]*?)```/);
  // In place of the cluster: what it is told to do.
  const here = `kubectl() { shift 2; echo "$*" >>log; }\nset -e\n${commands}`.replace('deploy/restore-dump', 'true');
  await writeFile(join(folder, 'keyback-20261128T031000Z.rdb'), 'REDIS0011');
  const done = run('bash', ['-c', here], { cwd: folder });
  assert.equal(done.status, 0, done.all);
  const told = (await readFile(join(folder, 'log'), 'utf8')).trim().split('\n');
  const order = [
    'patch cronjob/keyback-courier --patch {"spec":{"suspend":true}}', 'delete spinapp/keyback', 'wait --for=delete pod --selector core.spinkube.dev/app-name=keyback',
    'scale statefulset/keyback-store --replicas=0', 'wait --for=delete pod/keyback-store-0', 'apply --filename deploy/kubernetes/restore/pod.yaml',
    'delete pod/keyback-restore', 'scale statefulset/keyback-store --replicas=1', 'rollout status statefulset/keyback-store',
    'apply --filename deploy/kubernetes/spinapp.yaml', 'patch cronjob/keyback-courier --patch {"spec":{"suspend":false}}',
  ].map((command) => told.findIndex((line) => line.startsWith(command)));
  assert.ok(!order.includes(-1), told.join('\n'));
  assert.deepEqual(order, order.toSorted((one, other) => one - other), told.join('\n'));
  assert.match(await read('deploy/kubernetes/restore/pod.yaml'), /name: keyback-restore/);
});

test('the copy of a cluster\'s dump leaves no file where there is none yet, or an empty one', async (t) => {
  const folder = await scratch(t);
  const [, commands] = (await read('docs/deploy.md')).match(/```sh\n(copy=keyback-\$\(date[\s\S]*?)```/);
  // In place of the cluster: what is after `--`, with the pod's folder here.
  const copy = (dump) => {
    const here = `kubectl() { shift 5; ${dump}; }\n${commands}`;
    return run('bash', ['-c', here], { cwd: folder });
  };
  assert.notEqual(copy('"$1" no-such-file').status, 0);
  assert.notEqual(copy(':').status, 0);
  assert.deepEqual(await readdir(folder), []);
  assert.equal(copy('printf REDIS0011').status, 0);
  const [file, ...others] = await readdir(folder);
  assert.deepEqual(others, []);
  assert.match(file, /^keyback-\d{8}T\d{6}Z\.rdb$/);
  assert.equal(await readFile(join(folder, file), 'utf8'), 'REDIS0011');
});
