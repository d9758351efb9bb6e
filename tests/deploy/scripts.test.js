// The project's shell scripts, and the commands of its pages.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs, read, run, workspace } from './tools.js';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'docs/deploy.md', 'docs/upgrade.md', 'docs/monitoring.md', 'deploy/README.md'];

/** Every shell script of the project, by its first line. */
async function scripts() {
  const folders = ['scripts', 'deploy', '.ci'];
  const files = (await Promise.all(folders.map(async (folder) => (await readdir(join(workspace, folder), { withFileTypes: true }))
    .filter((entry) => entry.isFile()).map((entry) => `${folder}/${entry.name}`)))).flat();
  const found = [];
  for (const file of files) if (/^#!.*\b(ba)?sh\b/.test((await read(file)).split('\n')[0])) found.push(file);
  return found;
}

test('shellcheck accepts the scripts', { skip: needs('shellcheck') }, async () => {
  const all = await scripts();
  assert.ok(all.length >= 9, all.join());
  const checked = run('shellcheck', all);
  assert.deepEqual([checked.status, checked.all], [0, '']);
});

// macOS lacks each of these: its tools are BSD's, its bash is 3.2.
const FLAGS = {
  'base64 -w': /base64 (-w|--wrap)/,
  'sha256sum --ignore-missing': /\bsha256sum\b.*--/,
  'sed -i': /\bsed (-[a-zA-Z]*i\b|.*--in-place)/,
  'readlink -f': /\breadlink -f\b/,
  'date -d': /\bdate (-[a-zA-Z]+ )?(-d|--date)\b/,
  'grep -P': /\bgrep -[a-zA-Z]*P\b/,
  'xargs -r': /\bxargs (-r|--no-run-if-empty)\b/,
  'stat -c': /\bstat (-c|--format)\b/,
};

/** The lines of code in it that match one of the patterns, with the pattern's name. */
const matches = (file, text, patterns) => text.split('\n').filter((line) => !/^\s*#/.test(line))
  .flatMap((line) => Object.entries(patterns).filter(([, pattern]) => pattern.test(line)).map(([name]) => `${file}: ${name}: ${line.trim()}`));

test('commands of pages and scripts have no flag that only GNU\'s tools know', async () => {
  const pages = (await readdir(join(workspace, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  const found = [];
  for (const page of [...pages, 'README.md', 'CONTRIBUTING.md', 'deploy/README.md']) {
    const blocks = [...(await read(page)).matchAll(/^ *```(?:sh|bash|console)\n([\s\S]*?)^ *```/gm)].map(([, block]) => block);
    found.push(...matches(page, blocks.join('\n'), FLAGS));
  }
  // What the container's image and the units call runs on Debian, but the same rule costs nothing there.
  for (const file of await scripts()) found.push(...matches(file, await read(file), FLAGS));
  assert.deepEqual(found, []);
});

test('developers\' scripts need neither GNU tools nor a new bash', async () => {
  const foreign = {
    'sha256sum without shasum': /\bsha256sum\b(?!.*\bshasum\b)/,
    'mapfile': /\b(mapfile|readarray)\b/,
    'declare -A': /\bdeclare -A\b/,
    'an array that may be empty, under set -u': /(?<!\+)"\$\{(failed|patience)\[@\]\}"/,
  };
  // Servers run Debian, so this does not apply to what is installed there.
  for (const file of (await scripts()).filter((file) => file.startsWith('scripts/'))) {
    assert.deepEqual(matches(file, await read(file), foreign), []);
  }
});

test('the pages\' commands pass shellcheck, and the files they name exist', { skip: needs('shellcheck') }, async () => {
  for (const page of PAGES) {
    const text = await read(page);
    for (const [, block] of text.matchAll(/^```sh\n([\s\S]*?)^```/gm)) {
      // What a reader replaces is in capitals or an ellipsis; variables cross from block to block.
      const checked = run('shellcheck', ['--shell=bash', '--severity=warning', '--exclude=SC2154,SC2034,SC2164', '-'], { input: block });
      assert.deepEqual([checked.status, checked.all], [0, ''], `${page}:\n${block}`);
    }
    for (const [file] of text.matchAll(/(?<![\w/.-])(?:deploy|scripts)\/[\w@./-]*\w/g)) {
      if (file.startsWith('deploy/settings') || file === 'deploy/.env') continue;
      assert.ok(existsSync(join(workspace, file)), `${page} names ${file}`);
    }
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      assert.ok(existsSync(join(workspace, page, '..', target)), `${page} links to ${target}`);
    }
  }
});

test('each file of deploy/ says at its head how it was checked, and what was not run', async () => {
  const files = (await readdir(join(workspace, 'deploy'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .map((entry) => join(entry.path, entry.name)).filter((file) => !/README\.md$|ignore$|\/\.env$/.test(file) && !file.includes('/deploy/settings/'));
  assert.ok(files.length >= 25, files.join());
  // Everything that these do was run.
  const whole = ['deploy/new-settings'];
  for (const file of files.map((file) => file.slice(workspace.length))) {
    const head = (await read(file)).split('\n').slice(0, 25).filter((line) => line.startsWith('#')).join('\n');
    assert.match(head, /\b(Checked|Tested|A test|checked)\b/, file);
    if (!whole.includes(file)) assert.match(head, /Not run|has not been (run|built)/, file);
  }
});
