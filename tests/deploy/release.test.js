// What scripts/release packs: images as Spin's own, an archive, and checksums, the same bytes each time.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs, read, run, scratch, workspace } from './tools.js';

const COMPONENTS = 'target/wasm32-wasip2/release';
const IMAGES = [['keyback', 'spin.toml'], ['keyback-redis', 'spin-redis.toml']];

/** Packs the built components into a folder, and returns what the script says. A trial, since there may be unreleased changes. */
function pack(out, built = 'target') {
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1800000000', KEYBACK_TRIAL: '1' };
  const { status, output, errors } = run('scripts/release', ['--built', built, out], { env });
  assert.equal(status, 0, errors);
  return output.trim();
}

const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** The version and the digest that the script prints for an image. */
function said(output, name) {
  const line = output.split('\n').find((it) => it.startsWith(`${name} `));
  const [, version, digest] = line.match(/^\S+ (\d+\.\d+\.\d+-[\w-]+) (sha256:[0-9a-f]{64})$/);
  return { version, digest };
}

for (const [name, file] of IMAGES) test(`the image of ${file} holds every component and the app, each by its digest`, async (t) => {
  const out = join(await scratch(t), 'dist');
  const { version, digest } = said(pack(out), name);
  const image = join(out, `${name}.oci`);
  const json = async (name) => JSON.parse(await readFile(join(image, name), 'utf8'));
  const blob = async ({ digest: name, size }) => {
    const content = await readFile(join(image, 'blobs/sha256', name.replace('sha256:', '')));
    assert.equal(content.length, size);
    assert.equal(`sha256:${sha256(content)}`, name);
    return content;
  };
  assert.deepEqual(await json('oci-layout'), { imageLayoutVersion: '1.0.0' });
  const [named, ...others] = (await json('index.json')).manifests;
  assert.deepEqual(others, []);
  assert.equal(named.digest, digest);
  assert.equal(named.annotations['org.opencontainers.image.ref.name'], version);

  const manifest = JSON.parse(await blob(named));
  assert.equal(manifest.mediaType, named.mediaType);
  const layers = new Map();
  for (const layer of manifest.layers) layers.set(layer.digest, [layer.mediaType, await blob(layer)]);
  const apps = manifest.layers.filter(({ mediaType }) => mediaType === 'application/vnd.fermyon.spin.application.v1+config');
  assert.equal(apps.length, 1);
  const config = JSON.parse(await blob(manifest.config));
  assert.equal(config.config.Labels['com.fermyon.spin.lockedAppDigest'], apps[0].digest);

  const app = JSON.parse(layers.get(apps[0].digest)[1]);
  const shipped = await read(file);
  assert.ok(version.startsWith(`${app.metadata.version}-`), version);
  assert.equal(app.triggers.length, shipped.split('[[trigger.http]]').length - 1);
  assert.equal(new Set(app.triggers.map(({ id }) => id)).size, app.triggers.length);
  assert.equal(app.components.length, layers.size - 1);
  for (const { id, source, config: variables } of app.components) {
    const [mediaType, wasm] = layers.get(source.digest);
    assert.equal(mediaType, 'application/vnd.wasm.content.layer.v1+wasm');
    const [, built] = shipped.match(new RegExp(`^source = "(.*/${id.replaceAll('-', '_')}\\.wasm)"$`, 'm'));
    assert.ok(wasm.equals(await readFile(built)), id);
    for (const name of Object.keys(variables)) assert.ok(name in app.variables, `${id} has ${name}`);
  }
  assert.deepEqual(app.variables.secret_key, { secret: true });
  assert.deepEqual(app.variables.otp_length, { default: '6' });
});

test('the same components give the same bytes wherever they are packed, and the checksums fit', { skip: needs('sha256sum', 'tar') }, async (t) => {
  const folder = await scratch(t);
  const [one, other, elsewhere] = ['one', 'other', 'elsewhere'].map((name) => join(folder, name));
  for (const folder of [COMPONENTS, COMPONENTS.replace('target/', 'target/redis/')]) {
    const isBuilt = (path) => path === folder || path.endsWith('.wasm');
    await cp(folder, join(elsewhere, folder.replace('target/', '')), { recursive: true, filter: isBuilt });
  }
  assert.equal(pack(one), pack(other, elsewhere));
  assert.equal(await readFile(join(one, 'SHA256SUMS'), 'utf8'), await readFile(join(other, 'SHA256SUMS'), 'utf8'));
  const checked = run('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: one });
  assert.equal(checked.status, 0, checked.all);

  const archive = (await readdir(one)).find((name) => name.endsWith('.tar.gz'));
  assert.equal(archive, `keyback-${said(pack(one), 'keyback').version}.tar.gz`);
  const { output } = run('tar', ['-tzf', join(one, archive)]);
  const files = output.trim().split('\n').map((name) => name.replace(/^[^/]*\//, ''));
  for (const name of ['spin.toml', `${COMPONENTS}/pages.wasm`, 'deploy/systemd/keyback.service', 'scripts/prepare-store', 'docs/deploy.md']) {
    assert.ok(files.includes(name), `${archive} has no ${name}`);
  }
  assert.ok(!files.some((name) => name.startsWith('deploy/settings')), 'settings are not packed');
});

test('with unreleased changes, only a trial is packed, and its name has the commit', async (t) => {
  const folder = await scratch(t);
  await mkdir(join(folder, 'scripts'));
  for (const file of ['scripts/release', 'Cargo.toml', 'spin.toml', 'spin-redis.toml']) await cp(file, join(folder, file));
  const [, version] = (await read('spin.toml')).match(/^version = "([^"]+)"$/m);
  const release = async (unreleased, variables = {}) => {
    await writeFile(join(folder, 'CHANGELOG.md'), `# Changelog\n\n${unreleased}## ${version} - 2026-11-30\n\n- A change.\n`);
    const { KEYBACK_TRIAL, ...env } = process.env;
    return run(join(folder, 'scripts/release'), ['--built', join(folder, 'target'), join(folder, 'out')], { env: { ...env, ...variables, SOURCE_DATE_EPOCH: '1' } });
  };
  const refused = await release('## Unreleased\n\n- Another change.\n\n');
  assert.equal(refused.status, 1);
  assert.match(refused.errors, /has unreleased changes/);
  // These come as far as to miss the components.
  for (const unreleased of ['', '## Unreleased\n\n']) assert.match((await release(unreleased)).errors, /pages\.wasm missing/);
  assert.match((await release('## Unreleased\n\n- Another change.\n\n', { KEYBACK_TRIAL: '1' })).errors, /pages\.wasm missing/);
  const out = join(folder, 'dist');
  const commit = run('git', ['describe', '--always', '--dirty', '--exclude=*']).output.trim() || 'trial';
  assert.equal(said(pack(out), 'keyback').version, `${version}-${commit}`);
});

test('a deployment\'s settings are neither committed nor packed, with git or without', { skip: needs('git', 'tar') }, async (t) => {
  const own = ['deploy/settings/keyback.env', 'deploy/.env'];
  assert.equal(run('git', ['check-ignore', ...own]).output.trim(), own.join('\n'));
  const folder = await scratch(t);
  for (const file of ['scripts/release', 'Cargo.toml', 'CHANGELOG.md', 'spin.toml', 'spin-redis.toml']) await cp(file, join(folder, file));
  await mkdir(join(folder, 'deploy/settings'), { recursive: true });
  for (const file of [...own, 'deploy/start']) await writeFile(join(folder, file), 'a line\n');
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1', KEYBACK_TRIAL: '1', GIT_CEILING_DIRECTORIES: folder };
  const packed = run(join(folder, 'scripts/release'), ['--built', join(workspace, 'target'), join(folder, 'out')], { env });
  assert.equal(packed.status, 0, packed.errors);
  const { version } = said(packed.output, 'keyback');
  assert.match(version, /-trial$/);
  const { output } = run('tar', ['-tzf', join(folder, 'out', `keyback-${version}.tar.gz`)]);
  assert.ok(output.includes('deploy/start') && !own.some((file) => output.includes(file)), output);
});

test('an old Python parses scripts/release far enough to say that it is too old', { skip: needs('python3') }, () => {
  const parsed = run('python3', ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 8))', 'scripts/release']);
  assert.deepEqual([parsed.status, parsed.all], [0, '']);
  const old = 'import runpy, sys; sys.modules["tomllib"] = None; runpy.run_path(sys.argv[1])';
  assert.match(run('python3', ['-c', old, 'scripts/release']).errors, /^release: needs Python 3\.11 or later; this is 3\./);
});

test('scripts/set-version leaves the old version nowhere but where history is', { skip: needs('git') }, async (t) => {
  const folder = await scratch(t);
  const [, old] = (await read('Cargo.toml')).match(/^version = "([^"]+)"$/m);
  const [next, escaped] = ['98.76.54', old.replaceAll('.', '\\.')];
  const has = (text) => new RegExp(`(?<![\\d.])${escaped}(?!\\d|\\.\\d|-draft)`).test(text);
  // What was, is measured or belongs to others.
  const history = /^(CHANGELOG\.md|docs\/(upgrade|performance|reliability)\.md|docs\/decisions\/.*|supply-chain\/.*)$/;
  const tracked = run('git', ['ls-files', '-z']).output.split('\0').filter(Boolean);
  const before = new Map();
  for (const file of tracked) {
    const text = await read(file).catch(() => '');
    if (!has(text) || history.test(file)) continue;
    before.set(file, text);
    await cp(file, join(folder, file), { recursive: true });
  }
  await cp('scripts/set-version', join(folder, 'scripts/set-version'));
  assert.ok(before.size >= 16, [...before.keys()].join());
  const here = async (file) => readFile(join(folder, file), 'utf8');
  const set = (version) => run(join(folder, 'scripts/set-version'), [version]);

  for (const wrong of ['1.2', 'v1.2.3', '1.2.3-rc.1', '01.2.3', old, '']) assert.equal(set(wrong).status, 1, wrong);
  assert.equal(set(next).status, 0);
  for (const [file, text] of before) {
    const now = await here(file);
    assert.equal(now.replaceAll(next, old), text, `more than the version changed in ${file}`);
    // A lock file has versions of other packages, too.
    const own = file.endsWith('Cargo.lock') ? now.split('\n\n').filter((block) => block.startsWith('[[package]]') && !/^source = /m.test(block)).map((block) => block.split('dependencies')[0]).join('\n')
      : file.endsWith('package-lock.json') ? JSON.stringify([JSON.parse(now).version, JSON.parse(now).packages['']]) : now;
    assert.ok(!has(own), `${file} has the old version`);
    assert.ok(now.includes(next), file);
  }
  // A file without the version stops everything.
  await writeFile(join(folder, 'docs/openapi.yaml'), 'openapi: 3.1.0\n');
  const stopped = set('98.76.55');
  assert.equal(stopped.status, 1);
  assert.match(stopped.errors, /docs\/openapi\.yaml does not have the version 98\.76\.54/);
  assert.ok((await here('Cargo.toml')).includes(next));
});

test('make release writes the SBOM before it packs', { skip: needs('make') }, () => {
  const { status, output, errors } = run('make', ['--dry-run', 'release']);
  assert.equal(status, 0, errors);
  const lines = output.split('\n');
  const [sbom, packs] = ['scripts/sbom', 'scripts/release'].map((script) => lines.indexOf(script));
  assert.ok(sbom >= 0 && packs > sbom, output);
});

test('the client of a release has the version of the app', async () => {
  const [, version] = (await read('spin.toml')).match(/^version = "([^"]+)"$/m);
  const lock = JSON.parse(await read('clients/typescript/package-lock.json'));
  const client = JSON.parse(await read('clients/typescript/package.json'));
  assert.deepEqual([client.version, lock.version, lock.packages[''].version], [version, version, version]);
});

test('skopeo reads the images', { skip: needs('skopeo') }, async (t) => {
  const out = join(await scratch(t), 'dist');
  const packed = pack(out);
  for (const [name] of IMAGES) {
    const { version, digest } = said(packed, name);
    const { status, output, errors } = run('skopeo', ['inspect', '--override-os', 'Wasip1', '--override-arch', 'wasm', `oci:${join(out, `${name}.oci`)}:${version}`]);
    assert.equal(status, 0, errors);
    assert.equal(JSON.parse(output).Digest, digest);
  }
});
