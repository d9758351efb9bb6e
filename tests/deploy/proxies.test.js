// deploy/nginx and deploy/caddy in front of the app: whole journeys through TLS, and what a proxy is there for.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request as plainRequest } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newPassword, startApp } from '../browser/app.js';
import { until } from '../browser/limits.js';
import { NAME, startCaddy, startNginx } from './servers.js';
import { needs, scratch } from './tools.js';

const MIB = 1024 * 1024;

for (const [name, startProxy] of [['nginx', startNginx], ['caddy', startCaddy]]) {
  const skip = needs(name, 'openssl');
  // A suite that is skipped counts as nothing; each of its tests counts.
  const check = (what, body) => test(what, { skip }, body);

  describe(name, () => {
    let app;
    let proxy;
    const ends = [];

    before(async () => {
      if (skip) return;
      app = await startApp({
        public_base_url: `https://${NAME}`,
        trusted_proxy_header: 'X-Forwarded-For',
        trusted_proxy_hops: '1',
        limit_client_forgot: '3/3600',
      });
      ends.push(app.stop);
      proxy = await startProxy(await scratch({ after: (end) => ends.push(end) }), new URL(app.origin).host);
      ends.push(proxy.stop);
    });
    after(async () => {
      for (const end of ends.reverse()) await end();
    });

    check('a user recovers a password and signs in, by code and by link', async () => {
      const call = proxy.from('127.0.1.1');
      const key = { Authorization: `Bearer ${app.key}` };
      const user = { email: `${name}@example.test`, password: newPassword() };
      assert.equal((await call('POST', '/v1/admin/users', user, key)).status, 201);

      const asked = await call('POST', '/v1/forgot-password', { email: user.email });
      assert.equal(asked.status, 202);
      const { challenge_id } = JSON.parse(asked.text);
      const mail = await app.mails.next(user.email);
      const verified = await call('POST', '/v1/verify-otp', { challenge_id, code: mail.code });
      const { reset_token } = JSON.parse(verified.text);
      const chosen = newPassword();
      assert.equal((await call('POST', '/v1/reset-password', { token: reset_token, new_password: chosen })).status, 204);
      const signIn = (password) => call('POST', '/v1/sign-in', { email: user.email, password }, key);
      assert.equal((await signIn(chosen)).status, 200);
      assert.equal((await signIn(user.password)).status, 401);
      await app.mails.next(user.email);

      await call('POST', '/v1/forgot-password', { email: user.email });
      const { link } = await app.mails.next(user.email);
      assert.ok(link.startsWith(`https://${NAME}/reset-password#token=`), link);
      const page = await call('GET', '/reset-password');
      assert.equal(page.status, 200);
      assert.match(page.headers['strict-transport-security'], /max-age/);
      const another = newPassword();
      assert.equal((await call('POST', '/v1/reset-password', { token: link.split('token=')[1], new_password: another })).status, 204);
      assert.equal((await signIn(another)).status, 200);
    });

    check('plain HTTP is redirected to HTTPS, with path and query', async () => {
      const answer = await new Promise((resolve, reject) => {
        const sent = plainRequest({ host: '127.0.0.1', port: proxy.plain, path: '/forgot-password?a=b', headers: { Host: NAME } }, resolve);
        sent.once('error', reject).end();
      });
      answer.resume();
      assert.equal(answer.statusCode, 308);
      assert.match(answer.headers.location, new RegExp(`^https://${NAME}(:\\d+)?/forgot-password\\?a=b$`));
    });

    check('each client has its own limit, whatever address it claims', async () => {
      const ask = (address, says) => proxy.from(address)('POST', '/v1/forgot-password', { email: 'nobody@example.test' },
        { 'X-Forwarded-For': says }).then(({ status }) => status);
      const first = [];
      for (const says of ['198.51.100.1', '198.51.100.2, 203.0.113.9', 'unknown', '']) first.push(await ask('127.0.1.2', says));
      assert.deepEqual(first, [202, 202, 202, 429]);
      assert.equal(await ask('127.0.1.3', '127.0.1.2'), 202);
    });

    check('bodies a little over the limit get Keyback\'s own refusal, far larger ones the proxy\'s, and imports may be larger', async () => {
      const call = proxy.from('127.0.1.4');
      const key = { Authorization: `Bearer ${app.key}` };
      const own = await call('POST', '/v1/verify-otp', `{"code":"${'1'.repeat(20 * 1024)}"}`);
      assert.equal(own.status, 413);
      assert.equal(own.headers['content-type'], 'application/problem+json');
      const proxys = await call('POST', '/v1/verify-otp', `{"code":"${'1'.repeat(200 * 1024)}"}`).catch(closed);
      assert.ok([413, 'closed'].includes(proxys.status), `${proxys.status}`);

      const importing = (size) => call('POST', '/v1/admin/users/import?dry_run=true', `{"email":"a@example.test"}${'\n'.repeat(size)}`,
        { ...key, 'Content-Type': 'application/x-ndjson' });
      assert.equal((await importing(7 * MIB)).status, 200);
      const tooLarge = await importing(10 * MIB).catch(closed);
      assert.ok([413, 'closed'].includes(tooLarge.status), `${tooLarge.status}`);
      const ids = Array.from({ length: 1000 }, (_, place) => String(place).padStart(128, 'x'));
      const bulk = await call('POST', '/v1/admin/users/bulk', { action: 'disable', ids, dry_run: true }, key);
      assert.equal(bulk.status, 200, bulk.text);
    });

    check('a GraphQL body may have all of its 64 KiB', async () => {
      const call = proxy.from('127.0.1.10');
      const key = { Authorization: `Bearer ${app.key}` };
      const query = '{"query":"{ __typename }"}';
      const ask = (size) => call('POST', '/graphql', query.padEnd(size), key);
      const most = await ask(64 * 1024);
      assert.equal(most.status, 200, most.text);
      assert.deepEqual(JSON.parse(most.text), { data: { __typename: 'Query' } });
      const over = await ask(64 * 1024 + 1);
      assert.equal(over.status, 413);
      assert.ok(over.headers['x-request-id'], 'the refusal is the proxy\'s own');
    });

    check('an import that is cut off creates no account', async () => {
      const email = `broken-off-${name}@example.test`;
      await new Promise((resolve) => {
        const sent = request({
          host: '127.0.0.1', port: proxy.port, ca: proxy.ca, servername: NAME, method: 'POST', path: '/v1/admin/users/import', agent: false,
          headers: { Host: NAME, Authorization: `Bearer ${app.key}`, 'Content-Type': 'application/x-ndjson', 'Transfer-Encoding': 'chunked' },
        });
        sent.once('error', resolve).once('close', resolve);
        sent.write(`{"email":"${email}"}\n`, () => sent.destroy());
      });
      // Once a later import on the same path is done, the one that was cut off would be, too.
      const done = `done-${name}@example.test`;
      await proxy.from('127.0.1.5')('POST', '/v1/admin/users/import', `{"email":"${done}"}\n`,
        { Authorization: `Bearer ${app.key}`, 'Content-Type': 'application/x-ndjson' });
      const found = async (address) => (await (await app.call('GET', `/v1/admin/users?email=${encodeURIComponent(address)}`)).json()).users.length;
      assert.deepEqual([await found(done), await found(email)], [1, 0]);
    });

    check('the courier cannot be run from outside', async () => {
      const call = proxy.from('127.0.1.6');
      assert.equal((await call('POST', '/v1/courier/run', undefined, { Authorization: `Bearer ${app.key}` })).status, 404);
    });

    check('the logs hold no secret and no email address, even while Spin is down', async (t) => {
      const away = await startProxy(await scratch(t), '127.0.0.1:1');
      t.after(away.stop);
      const secret = 'c2VjcmV0LW9mLWEtbGluaw';
      for (const each of [proxy, away]) {
        const call = each.from('127.0.1.7');
        for (const path of [`/reset-password%23token=${secret}`, `/cancel-recovery%23token=${secret}`, `/reset-password/${secret}?token=${secret}`]) {
          await call('GET', path, undefined, { Referer: `https://${NAME}/reset-password?token=${secret}` });
        }
        await call('GET', `/v1/admin/users?email=${secret}%40example.test`, undefined, { Authorization: `Bearer ${secret}` });
        await call('GET', `/password-policy-${name}`);
        await until(async () => (await each.logs()).includes(`/password-policy-${name}`), 'the log');
        const logs = await each.logs();
        assert.match(logs, /\/v1\/admin\/users/);
        assert.ok(!logs.includes(secret), logs.split('\n').filter((line) => line.includes(secret)).join('\n'));
      }
    });

    check('while Spin is down, clients get a 503 with Retry-After', async (t) => {
      const away = await startProxy(await scratch(t), '127.0.0.1:1');
      t.after(away.stop);
      const answer = await away.from('127.0.1.8')('GET', '/v1/password-policy');
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.match(answer.headers['retry-after'], /^\d+$/);
      assert.equal(JSON.parse(answer.text).status, 503);
    });

    check('an answer of Keyback\'s own passes unchanged, a 503 too', async (t) => {
      const own = { 'Content-Type': 'application/problem+json', 'Retry-After': '7', 'X-Request-Id': 'its-own' };
      const spin = createServer((incoming, response) => {
        incoming.resume().once('end', () => response.writeHead(Number(incoming.url.slice(1)) || 200, own).end('{"title":"its own"}'));
      });
      await new Promise((resolve) => spin.listen(0, '127.0.0.1', resolve));
      t.after(() => spin.close());
      t.after(() => spin.closeAllConnections());
      const passing = await startProxy(await scratch(t), `127.0.0.1:${spin.address().port}`);
      t.after(passing.stop);
      for (const status of [401, 404, 413, 429, 500, 502, 503, 504]) {
        const answer = await passing.from('127.0.1.11')('GET', `/${status}`);
        assert.deepEqual([answer.status, answer.text], [status, '{"title":"its own"}']);
        assert.deepEqual([answer.headers['retry-after'], answer.headers['x-request-id']], ['7', 'its-own'], `${status}`);
      }
    });

    if (name === 'nginx') {
      check('one address that has too many requests open gets a 503 with Retry-After, and others are served', async (t) => {
        const few = (site) => site.replace('limit_conn keyback_connections 100;', 'limit_conn keyback_connections 2;');
        const strict = await startProxy(await scratch(t), new URL(app.origin).host, few);
        t.after(strict.stop);
        // Requests whose bodies never come.
        const open = [1, 2].map(() => request({
          host: '127.0.0.1', port: strict.port, ca: strict.ca, servername: NAME, localAddress: '127.0.1.12', method: 'POST', path: '/v1/verify-otp', agent: false,
          headers: { Host: NAME, 'Content-Length': 10 },
        }));
        for (const sent of open) {
          sent.once('error', () => {});
          sent.write('12345');
        }
        t.after(() => open.forEach((sent) => sent.destroy()));
        let refused;
        await until(async () => {
          const answer = await strict.from('127.0.1.12')('GET', '/v1/password-policy');
          refused = answer.status === 200 ? undefined : answer;
          return refused;
        }, 'a refusal');
        assert.deepEqual([refused.status, refused.headers['retry-after'], refused.headers['content-type']], [503, '5', 'application/problem+json']);
        assert.equal(JSON.parse(refused.text).status, 503);
        assert.equal((await strict.from('127.0.1.13')('GET', '/v1/password-policy')).status, 200);
      });

      check('a certificate authority reads its challenge over plain HTTP', async () => {
        await mkdir(join(proxy.folder, 'www/html/.well-known/acme-challenge'), { recursive: true });
        await writeFile(join(proxy.folder, 'www/html/.well-known/acme-challenge/token'), 'token.thumbprint');
        const read = await fetch(`http://127.0.0.1:${proxy.plain}/.well-known/acme-challenge/token`);
        assert.deepEqual([read.status, await read.text()], [200, 'token.thumbprint']);
        assert.equal((await fetch(`http://127.0.0.1:${proxy.plain}/.well-known/acme-challenge/none`)).status, 404);
      });
    }

    check('no more calls are at Spin at once than its memory is meant for', async (t) => {
      const MOST = 16;
      let now = 0;
      let most = 0;
      const held = [];
      const spin = createServer((incoming, response) => {
        now += 1;
        most = Math.max(most, now);
        held.push(() => {
          now -= 1;
          response.end('done');
        });
      });
      await new Promise((resolve) => spin.listen(0, '127.0.0.1', resolve));
      t.after(() => spin.close());
      t.after(() => spin.closeAllConnections());
      // The proxy asks for one page when it starts.
      const letGo = setInterval(() => held.splice(0).forEach((end) => end()), 20);
      t.after(() => clearInterval(letGo));
      const busy = await startProxy(await scratch(t), `127.0.0.1:${spin.address().port}`);
      t.after(busy.stop);
      clearInterval(letGo);
      // Paths with limits of their own share the limit for Spin's memory.
      const paths = ['/hold', '/v1/admin/users/import', '/v1/admin/users/bulk', '/v1/email-webhooks/resend'];
      const asked = Array.from({ length: 4 * MOST }, (_, place) => busy.from(`127.0.2.${place + 1}`)('POST', paths[place % paths.length], '{}'));
      await until(async () => now === MOST, 'as many calls as may be there');
      const goOn = setInterval(() => held.splice(0).forEach((end) => end()), 200);
      t.after(() => clearInterval(goOn));
      const answers = await Promise.all(asked);
      assert.equal(most, MOST);
      const refused = answers.filter(({ status }) => status !== 200);
      for (const { status, headers } of refused) assert.deepEqual([status, headers['retry-after']], [503, '5']);
      // Caddy lets them wait, and nginx cannot.
      assert.equal(refused.length > 0, name === 'nginx', `${refused.length} refused`);
    });

    check('a request reaches Spin once it is complete', async (t) => {
      const seen = [];
      const spin = createServer((incoming, response) => {
        seen.push(incoming.url);
        incoming.resume().once('end', () => response.end('done'));
      });
      await new Promise((resolve) => spin.listen(0, '127.0.0.1', resolve));
      t.after(() => spin.close());
      t.after(() => spin.closeAllConnections());
      const slow = await startProxy(await scratch(t), `127.0.0.1:${spin.address().port}`);
      t.after(slow.stop);
      seen.length = 0;
      const sent = request({
        host: '127.0.0.1', port: slow.port, ca: slow.ca, servername: NAME, method: 'POST', path: '/slow', agent: false,
        headers: { Host: NAME, 'Content-Length': 10 },
      });
      const answered = new Promise((resolve, reject) => sent.once('response', resolve).once('error', reject));
      await new Promise((resolve) => sent.write('12345', resolve));
      assert.equal((await slow.from('127.0.1.9')('GET', '/quick')).status, 200);
      assert.deepEqual(seen, ['/quick']);
      sent.end('67890');
      (await answered).resume();
      assert.deepEqual(seen, ['/quick', '/slow']);
    });
  });
}

/** A proxy may hang up on a body that is far too large, before a client has read why. */
function closed(error) {
  assert.match(error.code, /EPIPE|ECONNRESET/);
  return { status: 'closed' };
}
