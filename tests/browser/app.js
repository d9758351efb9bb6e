// The built app, run as an operator would, with an email provider of its own. Each test file starts one.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { START_LIMIT, STOP_LIMIT, pass, until } from './limits.js';
import { startSink } from './sink.js';

export const workspace = new URL('../../', import.meta.url).pathname;
/** The binary that runs the app: nothing else knows which one it is. */
export const program = process.env.KEYBACK_SPIN || join(workspace, 'target/host/keyback-host');

// The API keys by their ids, and what each may do.
const KEYS = {
  key: ['users:read', 'users:write', 'users:delete', 'users:hashes', 'reset', 'events', 'emails', 'courier', 'sign-in'],
  users: ['users'],
  reader: ['users:read'],
  support: ['users:read', 'reset'],
  events: ['events'],
  emails: ['emails'],
  writer: ['users:write'],
  resetter: ['reset'],
  nothing: [],
};

/** Starts the app. Its state is kept if `kept` names a folder for it; otherwise it is deleted when the app ends. */
export async function startApp(variables = {}, kept = undefined) {
  const sink = await startSink();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { key, ...keys } = Object.fromEntries(Object.entries(KEYS).map(([id]) => [id, `kb_${id}_${randomBytes(32).toString('hex')}`]));
  const folder = kept ?? await mkdtemp(join(tmpdir(), 'keyback-browser-'));
  const settings = {
    secret_key: randomBytes(32).toString('base64'),
    public_base_url: origin,
    app_name: 'Harbour',
    support_url: 'https://help.example.test/',
    api_keys: JSON.stringify(Object.entries({ key, ...keys }).map(([id, bearer]) => (
      { id, sha256: createHash('sha256').update(bearer).digest('hex'), scopes: KEYS[id] }))),
    email_provider: 'resend',
    email_api_origin: sink.origin,
    email_api_key: 're_test',
    email_from: 'Harbour <no-reply@example.test>',
    // All tests come from one address.
    ...Object.fromEntries(['client_forgot', 'client_verify', 'client_reset', 'client_sign_in', 'app_forgot']
      .map((limit) => [`limit_${limit}`, '100000/60'])),
    ...variables,
  };
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SPIN_')));
  const host = spawn(program, [
    'up', '--from', join(workspace, 'spin.toml'), '--listen', `127.0.0.1:${port}`,
    '--state-dir', join(folder, 'state'),
    ...Object.entries(settings).flatMap(([name, value]) => ['--variable', `${name}=${value}`]),
  ], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => host.once('exit', resolve).once('error', resolve));
  const log = [];
  host.stderr.on('data', (text) => log.push(text));
  const stop = async () => {
    host.kill('SIGTERM');
    const late = setTimeout(() => host.kill('SIGKILL'), STOP_LIMIT);
    await ended;
    clearTimeout(late);
    sink.stop();
    if (!kept) await rm(folder, { recursive: true, force: true });
  };
  await serving(host, log).catch(async (error) => {
    await stop();
    throw error;
  });

  // A busy app refuses to hash more passwords at once. It has done nothing then, and says when to retry.
  const call = (method, path, body) => until(async () => {
    const answer = await fetch(origin + path, {
      method,
      headers: { ...(body && { 'Content-Type': 'application/json' }), Authorization: `Bearer ${key}` },
      body: body && JSON.stringify(body),
    });
    if (answer.status !== 503 || !(await answer.clone().json()).type.endsWith('/overloaded')) return answer;
    await pass(Number(answer.headers.get('retry-after')));
    return undefined;
  }, `an answer to ${method} ${path}`);
  const post = (path, body) => call('POST', path, body);
  return {
    origin,
    mails: sink,

    /** An API key with all scopes, and others by what they may do. */
    key,
    keys,

    /** A new account: its id, address and password. */
    async createUser(members = {}) {
      const email = `${randomBytes(6).toString('hex')}@example.test`;
      const password = newPassword();
      const answer = await post('/v1/admin/users', { email, password, ...members });
      if (answer.status !== 201) throw new Error(`creating an account was answered with ${answer.status}`);
      const account = await answer.json();
      return { id: account.id, email: account.email, password };
    },

    async signsIn(email, password) {
      const answer = await post('/v1/sign-in', { email, password });
      return answer.status === 200;
    },

    /** The answer to a sign-in. */
    signIn: async (email, password) => (await post('/v1/sign-in', { email, password })).json(),

    /** The account with this id as the contract shows it, or the problem. */
    user: async (id) => (await call('GET', `/v1/admin/users/${encodeURIComponent(id)}`)).json(),

    /** Its events, newest first. */
    events: async (id) => (await (await call('GET', `/v1/admin/users/${encodeURIComponent(id)}/events`)).json()).events,

    /** Calls the contract with the key for everything. */
    call,

    /** Asks for an email without a browser, and waits for it. */
    async recoveryMail(email) {
      await post('/v1/forgot-password', { email });
      return sink.next(email);
    },

    stop,
  };
}

/** A strong and unique password. */
export function newPassword() {
  return `violet-${randomBytes(6).toString('hex')}-staple-horse`;
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function serving(host, log) {
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`the app did not start: ${why}\n${log.join('')}`));
    const timer = setTimeout(() => fail('it took too long'), START_LIMIT);
    let output = '';
    host.stdout.on('data', (text) => {
      output += text;
      if (/Serving.*http:/.test(output)) {
        clearTimeout(timer);
        resolve();
      }
    });
    host.once('error', (error) => fail(error.message));
    host.once('exit', (status) => fail(`it ended with status ${status}`));
  });
}
