// Who may call what through the proxies of deploy/: administrators' networks, and a scheduler that calls by URL.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { startApp } from '../browser/app.js';
import { NAME, startCaddy, startNginx } from './servers.js';
import { needs, read, scratch } from './tools.js';

const ADMINISTRATOR = '127.0.0.1';
const STRANGER = '127.0.0.2';

/** What an operator changes, as the files say. Each change must find its place. */
const changes = {
  administrators: {
    nginx: [['    default 0;\n    # default 1;\n    # 192.0.2.0/24 0;', `    default 1;\n    ${ADMINISTRATOR} 0;`]],
    caddy: [],
    variables: { KEYBACK_ADMINS: `192.0.2.0/24 ${ADMINISTRATOR} 2001:db8::/32` },
  },
  scheduler: {
    nginx: [['# "~^GET ." 1;', '"~^GET ." 1;']],
    caddy: [['# not {\n\t\t\t# \tmethod GET\n\t\t\t# \tquery token=*\n\t\t\t# }', 'not {\n\t\t\t\tmethod GET\n\t\t\t\tquery token=*\n\t\t\t}']],
  },
};
const edit = (list) => (site) => list.reduce((text, [from, to]) => {
  assert.ok(text.includes(from), `the file has no ${from}`);
  return text.replace(from, to);
}, site);

/** Every path below which accounts are administered, by the app's manifest and its pages. */
async function administering() {
  const routes = [...(await read('spin.toml')).matchAll(/^route = "([^"]+)"$/gm)].map(([, route]) => route);
  const found = routes.filter((route) => /admin|graphql|metrics/.test(route));
  assert.ok(found.length >= 5, found.join());
  return found.map((route) => route.replace('/...', '/users').replace(':id', 'someone'));
}

for (const [name, startProxy] of [['nginx', startNginx], ['caddy', startCaddy]]) {
  const skip = needs(name, 'openssl');
  const check = (what, body) => test(what, { skip }, body);

  describe(name, () => {
    const token = randomBytes(32).toString('hex');
    const ends = [];
    let app;
    /** The proxy after these changes. */
    const serve = async (list, variables = {}) => {
      const proxy = await startProxy(await scratch({ after: (end) => ends.push(end) }), new URL(app.origin).host, edit(list), variables);
      ends.push(proxy.stop);
      return proxy;
    };

    before(async () => {
      if (skip) return;
      app = await startApp({ public_base_url: `https://${NAME}`, courier_url_token: token });
      ends.push(app.stop);
    });
    after(async () => {
      for (const end of ends.reverse()) await end();
    });

    check('where only a network administers, strangers are refused at every path that does, and at no other', async () => {
      const proxy = await serve(changes.administrators[name], changes.administrators.variables);
      const key = { Authorization: `Bearer ${app.key}` };
      const paths = [...await administering(), '/portal', '/portal/app.js', '/v1/admin/users/import', '/v1/admin/users/bulk', '/v1/admin/users/export',
        '/v1/admin/events', '/v1/admin/emails', '/v1/admin', '/v1/admin/users?limit=1', '/v1/%61dmin/users', '//v1/admin/users', '/x/../v1/admin/users',
        '/graphql?query=%7B__typename%7D', '/v1/admin/users/..%2f..%2f..%2fforgot-password', '/v1/admin/users/../../../forgot-password'];
      for (const path of paths) {
        for (const method of ['GET', 'POST']) {
          const refused = await proxy.from(STRANGER)(method, path, method === 'POST' ? '{}' : undefined, { ...key, 'X-Forwarded-For': ADMINISTRATOR });
          assert.equal(refused.status, 403, `${method} ${path}`);
          assert.equal(refused.headers['x-request-id'], undefined, `${method} ${path} came to the app`);
        }
      }
      // The request's line with an origin in it, as proxies are asked.
      assert.match(await absolute(proxy, `GET https://${NAME}/v1/admin/users HTTP/1.1`, key.Authorization), /^HTTP\/1\.1 40[03] /);

      const asks = (address, method, path, body, headers = key) => proxy.from(address)(method, path, body, headers).then(({ status }) => status);
      for (const path of ['/v1/admin/users', '/v1/admin/events', '/v1/metrics', '/portal']) assert.equal(await asks(ADMINISTRATOR, 'GET', path), 200, path);
      for (const path of ['/graphql', '/_api/admin/graphql']) assert.equal(await asks(ADMINISTRATOR, 'POST', path, { query: '{ __typename }' }), 200, path);
      assert.equal(await asks(ADMINISTRATOR, 'POST', '/v1/admin/users/import?dry_run=true', '{"email":"a@example.test"}\n',
        { ...key, 'Content-Type': 'application/x-ndjson' }), 200);
      assert.equal(await asks(ADMINISTRATOR, 'POST', '/v1/admin/users/bulk', { action: 'disable', ids: ['x'], dry_run: true }), 200);
      for (const path of ['/', '/forgot-password', '/v1/health', '/v1/password-policy']) assert.equal(await asks(STRANGER, 'GET', path), 200, path);
      assert.equal(await asks(STRANGER, 'POST', '/v1/forgot-password', { email: 'nobody@example.test' }), 202);
    });

    check('as the file stands, keys alone decide who administers', async () => {
      const proxy = await serve([]);
      assert.equal((await proxy.from(STRANGER)('GET', '/v1/admin/users')).status, 401);
      assert.equal((await proxy.from(STRANGER)('GET', '/v1/admin/users', undefined, { Authorization: `Bearer ${app.key}` })).status, 200);
    });

    check('a scheduler outside can run the courier by URL where that is allowed, and in no other way', async () => {
      const [closed, open] = [await serve([]), await serve(changes.scheduler[name])];
      const run = (proxy, method, query, headers) => proxy.from(STRANGER)(method, `/v1/courier/run${query}`, undefined, headers).then(({ status }) => status);
      assert.equal(await run(closed, 'GET', `?token=${token}`), 404);
      assert.equal(await run(open, 'GET', ''), 404);
      assert.equal(await run(open, 'GET', '?token='), name === 'nginx' ? 404 : 401);
      assert.equal(await run(open, 'POST', `?token=${token}`, { Authorization: `Bearer ${app.key}` }), 404);
      assert.equal(await run(open, 'GET', '?token=wrong'), 401);
      assert.equal(await run(open, 'GET', `?token=${token}`), 204);
      assert.ok(!(await open.logs()).includes(token), 'the token is in the log');
    });
  });
}

/** The answer to a request's first line as it stands, which node would not send. */
function absolute({ port, ca }, line, authorization) {
  return new Promise((resolve, reject) => {
    const parts = [];
    const socket = connect({ host: '127.0.0.1', port, ca, servername: NAME, localAddress: STRANGER }, () => {
      socket.write(`${line}\r\nHost: ${NAME}\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (part) => parts.push(part)).once('end', () => resolve(parts.join(''))).once('error', reject);
  });
}
