// What the tests of deploy/ share: programs that may be missing, and how they are run.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STOP_LIMIT } from '../browser/limits.js';
import { workspace } from '../browser/app.js';

export { workspace };

/** Where scripts/deploy-tests installs what Python's registry has. */
export const tools = join(workspace, 'target/deploy-tools/bin');

const PATH = [tools, ...process.env.PATH.split(':'), '/usr/sbin', '/sbin'];
process.env.PATH = PATH.join(':');

/** For a test's `skip`: why it cannot run here. CI has everything, and fails where something is missing. */
export function needs(...programs) {
  const missing = programs.filter((program) => !PATH.some((folder) => existsSync(join(folder, program))));
  return missing.length > 0 && !process.env.CI ? `it needs ${missing.join(' and ')}` : false;
}

/** Runs a program to its end. */
export function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: workspace, encoding: 'utf8', ...options });
  if (error) throw error;
  return { status, output: stdout, errors: stderr, all: stdout + stderr };
}

/** Starts a program that keeps running, and collects its output. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const ended = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const log = [];
  child.stdout.on('data', (text) => log.push(text));
  child.stderr.on('data', (text) => log.push(text));
  return {
    log: () => log.join(''),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
      await ended;
      clearTimeout(late);
    },
  };
}

/** The text of one of the project's files. */
export const read = (path) => readFile(join(workspace, path), 'utf8');

/** A folder that is deleted after the test or suite `t`. */
export async function scratch(t) {
  const folder = await mkdtemp(join(tmpdir(), 'keyback-deploy-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The variables of an environment file, by their names in spin.toml. */
export async function readSettings(file) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('SPIN_VARIABLE_'));
  return Object.fromEntries(lines.map((line) => {
    const [name] = line.split('=', 1);
    return [name.slice('SPIN_VARIABLE_'.length).toLowerCase(), line.slice(name.length + 1)];
  }));
}
