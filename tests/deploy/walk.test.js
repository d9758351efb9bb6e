// docs/deploy.md's walk to a server of one's own, with the page's own commands, as far as possible without systemd and Spin.

import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, program } from '../browser/app.js';
import { startSink } from '../browser/sink.js';
import { needs, read, run, scratch, start } from './tools.js';

/** The commands of a step of the page's first walk, of the block that has this word. */
async function step(number, word = '') {
  const [, walk] = (await read('docs/deploy.md')).split('\n## A server of your own\n');
  const [, text] = walk.split(new RegExp(`^\\*\\*${number}\\. `, 'm'));
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block).find((block) => block.includes(word));
}

test('a walk to a server of one\'s own ends with a mail whose link works', { skip: needs('openssl', 'curl', 'make') }, async (t) => {
  const root = await scratch(t);
  const sink = await startSink();
  t.after(sink.stop);
  const listen = `127.0.0.1:${await freePort()}`;
  const here = (text) => text.replaceAll('/opt/', `${root}/opt/`).replaceAll('/etc/keyback', `${root}/etc/keyback`)
    .replaceAll('/var/', `${root}/var/`).replaceAll('127.0.0.1:3000', listen).replaceAll('https://YOUR.NAME.HERE', `http://${listen}`)
    .replaceAll('YOU@EXAMPLE.COM', 'someone@example.test');
  const paste = (lines) => {
    const { status, all } = run('bash', ['-euo', 'pipefail', '-c', here(lines)]);
    assert.equal(status, 0, all);
    return all;
  };
  for (const folder of ['opt', 'etc', 'var/lib/keyback', 'var/cache/keyback']) await mkdir(join(root, folder), { recursive: true });

  // The components are built already.
  const install = await step(2, 'make build');
  assert.match(install, /^make build$/m);
  paste(install.replace('make build', ''));
  paste(await step(3));
  const file = join(root, 'etc/keyback/keyback.env');
  const filled = { EMAIL_PROVIDER: 'resend', EMAIL_API_KEY: 're_test', EMAIL_FROM: 'Example <no-reply@example.com>' };
  const settings = Object.entries(filled).reduce((text, [name, value]) => text.replace(`${name}=\n`, `${name}=${value}\n`), await readFile(file, 'utf8'));
  await writeFile(file, `${settings}SPIN_VARIABLE_EMAIL_API_ORIGIN=${sink.origin}\n`);

  // What systemd does with the unit.
  const unit = here(await read('deploy/systemd/keyback.service'));
  const all = (name) => [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);
  const environment = [...all('Environment'), ...(await readFile(file, 'utf8')).split('\n').filter((line) => /^\w+=/.test(line))];
  const env = { PATH: process.env.PATH, ...Object.fromEntries(environment.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])) };
  // An empty cache costs a minute; the components that other tests have compiled will do.
  env.XDG_CACHE_HOME = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const [[prepare], [serve], [ready]] = [all('ExecStartPre'), all('ExecStart'), all('ExecStartPost')];
  assert.match(run('bash', ['-c', prepare], { env }).all, /created with Spin's table, in WAL mode/);
  // The embedded host writes no log files, and so does not know the option.
  const spin = process.env.KEYBACK_SPIN ? serve : serve.replace(' --log-dir ""', '');
  assert.ok(spin.startsWith('/usr/local/bin/spin up '), spin);
  const server = start('bash', ['-c', `exec ${spin.replace('/usr/local/bin/spin', program)}`], { env, cwd: join(root, 'var/lib/keyback') });
  t.after(() => server.stop());
  assert.equal(run('bash', ['-c', ready]).status, 0, server.log());
  assert.match(paste((await step(4)).split('\n').filter((line) => line.startsWith('curl')).join('\n')), /\{"status":"ok"\}/);

  const statuses = [...paste(await step(6)).matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status);
  assert.deepEqual(statuses, ['201', '202']);
  const { link } = await sink.next('someone@example.test');
  assert.ok(link.startsWith('https://id.example.com/reset-password#token='), link);
  const reset = await fetch(`http://${listen}/v1/reset-password`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token: link.split('token=')[1], new_password: 'violet-anchors-staple-nine-horses' }),
  });
  assert.equal(reset.status, 204);
});
