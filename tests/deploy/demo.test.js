// `make run`, and the README's lines on it: once, and again at once.

import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../browser/app.js';
import { until } from '../browser/limits.js';
import { needs, read, run, scratch, start, workspace } from './tools.js';

const SECTIONS = ['The journey in curl', 'Reset a user\'s password from your portal', 'A bad day'];

/** A folder like a clone whose build is done, for `make run` keeps its state in the clone. */
async function clone(t) {
  const folder = join(await scratch(t), 'keyback');
  await mkdir(folder);
  for (const name of ['scripts', 'spin.toml', 'target']) await symlink(join(workspace, name), join(folder, name));
  await writeFile(join(folder, 'Makefile'), 'build host:\n\t@true\n');
  const [app, mailbox] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const env = { ...process.env, KEYBACK_LISTEN: app, KEYBACK_MAILBOX: mailbox };
  const here = (text) => text.replaceAll('127.0.0.1:3000', app).replaceAll('127.0.0.1:3025', mailbox);
  const serve = async () => {
    const server = start(join(folder, 'scripts/run'), [], { cwd: folder, env });
    t.after(() => server.stop('SIGTERM'));
    await until(() => server.log().includes('Press Ctrl-C to stop.'), 'the demo').catch((error) => {
      throw new Error(`${error.message}\n${server.log()}`);
    });
    return server;
  };
  /** Runs lines as somebody would who pastes them, and returns what is printed. */
  const paste = (lines) => run('bash', ['-c', here(lines)], { cwd: folder }).all;
  return { serve, paste };
}

/** The commands of one of the README's sections. */
async function commands(section) {
  const [, text] = (await read('README.md')).split(`\n## ${section}\n`);
  const blocks = [...text.split('\n## ')[0].matchAll(/^```sh\n([\s\S]*?)^```/gm)];
  return blocks.map(([, lines]) => lines).join('');
}

/** Every answer's status, in order; none of them may be an error. */
function statuses(printed) {
  const found = [...printed.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
  assert.ok(found.every((status) => status < 400), printed);
  assert.doesNotMatch(printed, /"status":[45]|: \r?\n|: $/, 'something is empty, or a problem');
  return found;
}

test('the README\'s lines work after make run, and again immediately', { skip: needs('make') }, async (t) => {
  const { serve, paste } = await clone(t);
  await serve();
  const expected = { [SECTIONS[0]]: [202, 204, 200, 204, 200], [SECTIONS[1]]: [200, 204, 200, 204, 200], [SECTIONS[2]]: [204] };
  for (const _ of [1, 2]) {
    for (const section of SECTIONS) assert.deepEqual(statuses(paste(await commands(section))), expected[section], section);
  }
});

test('make run says what it did, and its own lines work, the second time as well', { skip: needs('make') }, async (t) => {
  const { serve, paste } = await clone(t);
  const own = (log) => log.split('signs in.\n')[1].split('Press Ctrl-C')[0];
  const first = await serve();
  assert.match(first.log(), /api-key \(new\)/);
  assert.match(first.log(), /alice@example\.com \(created, password [a-z-]+\)\n +bob@example\.com \(created, no password yet\)/);
  assert.deepEqual(statuses(paste(own(first.log()))), [202, 204, 200]);
  await first.stop();

  const second = await serve();
  assert.match(second.log(), /api-key \(from an earlier run\)/);
  assert.match(second.log(), /alice@example\.com \(there from an earlier run\)\n +bob@example\.com \(there from an earlier run\)/);
  assert.deepEqual(statuses(paste(own(second.log()))), [202, 204, 200]);
});
