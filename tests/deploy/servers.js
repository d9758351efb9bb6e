// Debian's nginx and Caddy with deploy/'s files: only ports, paths and where certificates come from are the test's own.

import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../browser/app.js';
import { until } from '../browser/limits.js';
import { read, run, start } from './tools.js';

export const NAME = 'id.example.com';

/** Starts nginx in front of `upstream` (host:port); all that it writes is in `folder`. `edit` changes the file as an operator would. */
export async function startNginx(folder, upstream, edit = (site) => site) {
  const [port, plain] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'logs'));
  run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${NAME}`,
    '-addext', `subjectAltName=DNS:${NAME}`, '-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')]);
  const site = edit(await read('deploy/nginx/keyback.conf'))
    .replaceAll(/^ *listen \[::\].*\n/gm, '')
    .replace('listen 443', `listen 127.0.0.1:${port}`).replace('listen 80', `listen 127.0.0.1:${plain}`)
    .replaceAll(`/etc/letsencrypt/live/${NAME}`, folder).replaceAll('/var/www', join(folder, 'www')).replaceAll('/var/log/nginx', join(folder, 'logs'))
    .replaceAll('127.0.0.1:3000', upstream);
  await writeFile(join(folder, 'keyback.conf'), site);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(folder, kind)};`);
  await writeFile(join(folder, 'nginx.conf'), `
    ${process.getuid() === 0 ? 'user root;' : ''}
    daemon off; pid ${join(folder, 'pid')}; error_log ${join(folder, 'logs/error.log')} info;
    events {}
    http { ${temporary.join(' ')} include ${join(folder, 'keyback.conf')}; }`);
  const options = ['-p', folder, '-e', join(folder, 'logs/error.log'), '-c', join(folder, 'nginx.conf')];
  const checked = run('nginx', ['-t', ...options]);
  if (checked.status !== 0 || /warn/.test(checked.all)) throw new Error(checked.all);
  return serving(start('nginx', options), port, plain, folder, join(folder, 'fullchain.pem'));
}

/** Starts Caddy in the same way. `variables` are those of its environment that an operator sets. */
export async function startCaddy(folder, upstream, edit = (site) => site, variables = {}) {
  const [port, plain] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'logs'));
  const site = edit(await read('deploy/caddy/Caddyfile')).replace('{\n\tservers {', `{
	admin off
	local_certs
	skip_install_trust
	default_bind 127.0.0.1
	http_port ${plain}
	https_port ${port}
	storage file_system ${folder}
	servers {`);
  await writeFile(join(folder, 'Caddyfile'), site);
  const env = {
    ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder,
    ...variables, KEYBACK_DOMAIN: NAME, KEYBACK_UPSTREAM: upstream, KEYBACK_LOG: join(folder, 'logs/keyback.log'),
  };
  const server = start('caddy', ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'], { env });
  return serving(server, port, plain, folder, join(folder, 'pki/authorities/local/root.crt'));
}

/** Waits until the server takes connections and its certificate is there. */
async function serving(server, port, plain, folder, certificate) {
  let ca;
  const open = async () => {
    ca = await readFile(certificate, 'utf8').catch(() => undefined);
    return ca && await reaches(port) && await call(port, ca)('GET', '/').then(() => true, () => false);
  };
  await until(open, 'the proxy').catch((error) => {
    throw new Error(`${error.message}\n${server.log()}`);
  });
  return {
    port,
    plain,
    ca,
    folder,
    stop: () => server.stop(),
    /** Calls the app as a client with this address, through TLS. */
    from: (address) => call(port, ca, address),
    /** Everything that the proxy has logged. */
    async logs() {
      const files = await readdir(join(folder, 'logs'));
      const texts = await Promise.all(files.map((file) => readFile(join(folder, 'logs', file), 'utf8')));
      return texts.join('') + server.log();
    },
  };
}

const reaches = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => socket.destroy() && resolve(true));
  socket.once('error', () => resolve(false));
});

function call(port, ca, localAddress = '127.0.0.1') {
  return (method, path, body, headers = {}) => new Promise((resolve, reject) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const sent = request({
      host: '127.0.0.1', port, ca, servername: NAME, localAddress, method, path, agent: false,
      headers: {
        Host: NAME,
        ...(text !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
        ...headers,
      },
    }, async (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
    });
    sent.once('error', reject);
    sent.end(text);
  });
}
