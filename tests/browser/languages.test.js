// The words of the pages.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startApp, workspace } from './app.js';
import { launch, summary, visit } from './browser.js';
import { UNKNOWN, allLive, ready, speak, submit, titled } from './steps.js';

const folder = join(workspace, 'components/pages/static');
// The one list of them.
const list = readFileSync(join(workspace, 'crates/keyback/src/model/language.rs'), 'utf8');
const TAGS = [...list.matchAll(/^ +[A-Z][a-z]+ "([A-Za-z-]+)" "[^"]+",$/gm)].map(([, tag]) => tag);
const source = (tag, part = '') => readFileSync(join(folder, part, 'lang', `${tag}.json`), 'utf8');
const read = (part) => Object.fromEntries(TAGS.map((tag) => [tag, JSON.parse(source(tag, part))]));
const words = read();
const portal = read('portal');
// The answers to the form that browsers without scripts send.
const FORM = '../../forgot-password/static';

let app;
let browser;
before(async () => {
  [app, browser] = await Promise.all([startApp(), launch()]);
});
after(async () => {
  await browser?.close();
  await app?.stop();
});

test('every language has every text, with the same names in it', () => {
  const names = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
  for (const [part, tables] of [['', words], ['portal', portal], [FORM, read(FORM)]]) {
    assert.deepEqual(readdirSync(join(folder, part, 'lang')).sort(), TAGS.map((tag) => `${tag}.json`).sort());
    for (const tag of TAGS) {
      assert.deepEqual(Object.keys(tables[tag]), Object.keys(tables.en), tag);
      for (const [key, text] of Object.entries(tables[tag])) {
        assert.deepEqual(names(text), names(tables.en[key]), `${tag} ${key}`);
        assert.ok(text.trim() === text && text !== '', `${tag} ${key}`);
        // The server finds a text without a parser.
        assert.ok(source(tag, part).includes(`"${key}": "${text}"`), `${tag} ${key} needs an escape`);
      }
    }
  }
});

test('no text of the portal was left in English', () => {
  // Texts that are the same in another language, or only a placeholder.
  const same = /^\{\w+\}$|^(?:No|ID|Id|Name|Link|Code|Actif|Action|Pages|Email|Import|Invitation|Reason|Options|Portal|System|Status|Type|Account|Standard|\{name\} ?: \{percent\} %)$/;
  for (const tag of TAGS.slice(1)) {
    for (const [key, text] of Object.entries(portal[tag])) {
      assert.ok(text !== portal.en[key] || key === 'direction' || same.test(text.replace('\u00a0', ' ')), `${tag} ${key}: ${text}`);
    }
  }
});

test('every text of the portal is used, and every text that it uses is there', () => {
  const scripts = readdirSync(join(folder, 'portal')).filter((name) => name.endsWith('.js'));
  const used = [
    ...['layout.html', 'portal.html', 'languages.html'].map((name) => readFileSync(join(workspace, 'crates/keyback/templates', name), 'utf8')),
    ...scripts.map((name) => readFileSync(join(folder, 'portal', name), 'utf8')),
  ].join('\n');
  for (const [, key] of used.matchAll(/(?:data-t="|layout\.t\("|\bt: '|say\(\w+, '|words\('|key: ')([a-z.-]+)'?/g)) assert.ok(key in portal.en, key);
  // Parts of these keys come from the contract.
  const told = /\.one$|^(?:event\.|bulk\.(?:action|about|ask|preview|submit|state)\.|import\.member\.|email\.(?:kind|state|about)\.|import\.code\.|password\.(?:breached$|too-|similar-)|security\.by-|(?:id|reason|email)\.invalid$|events\.user$|direction$)/;
  for (const key of Object.keys(portal.en)) assert.ok(used.includes(`'${key}'`) || used.includes(`"${key}"`) || told.test(key), key);
});

test('every event that has a name can be asked for', () => {
  const [, list] = readFileSync(join(folder, 'portal/feed.js'), 'utf8').match(/const TYPES = \[([^\]]*)\]/);
  const types = [...list.matchAll(/'([^']+)'/g)].map(([, type]) => `event.${type}`);
  assert.deepEqual(types.sort(), Object.keys(portal.en).filter((key) => key.startsWith('event.')).sort());
});

test('every text is used, and every text that is used is there', () => {
  const templates = join(workspace, 'crates/keyback/templates');
  const used = [
    ...['layout.html', 'languages.html', 'page.html', ...readdirSync(join(templates, 'pages')).map((name) => `pages/${name}`)]
      .map((name) => readFileSync(join(templates, name), 'utf8')),
    ...readdirSync(folder).filter((name) => name.endsWith('.js')).map((name) => readFileSync(join(folder, name), 'utf8')),
  ].join('\n');
  for (const [, shown, said] of used.matchAll(/data-t="([^"]+)"[^>]*>\{\{ layout\.(?:t|count)\("([^"]+)"/g)) {
    assert.equal(shown, said);
  }
  for (const [, key] of used.matchAll(/(?:data-t="|layout\.t\("|layout\.count\(")([a-z.-]+)"/g)) assert.ok(key in words.en, key);
  for (const [, key] of used.matchAll(/'((?:error|forgot|code|password|link|cancel)\.[a-z.-]+)'/g)) assert.ok(key in words.en, key);
  const reasons = [
    'too-short', 'too-long', 'too-common', 'too-weak', 'similar-to-email', 'similar-to-app-name', 'breached', 'same-as-current',
  ];
  for (const key of Object.keys(words.en)) {
    const reason = key.replace('password.', '');
    assert.ok(used.includes(`"${key}"`) || used.includes(`'${key}'`) || key === 'direction' || reasons.includes(reason), key);
  }
});

test('a page comes in the language of the browser, and is the same after a change to it', async () => {
  const paths = ['/', '/forgot-password', '/verify-otp', `/reset-password${UNKNOWN}`, `/cancel-recovery${UNKNOWN}`, '/nothing-here'];
  const shown = async (page) => [
    await page.title(),
    ...await page.locator('[data-t]').evaluateAll((elements) => elements.map((one) => one.textContent)),
  ];
  const settled = async (page, path) => {
    await ready(page);
    if (!path.startsWith('/reset-password')) return;
    // What it asks the server for.
    await page.locator('[data-why]:not(:empty)').waitFor();
    await page.locator('#password[passwordrules]').waitFor();
  };
  const served = {};
  const regions = { pt: 'pt-BR', 'zh-Hans': 'zh-CN' };
  for (const tag of TAGS) {
    const small = { viewport: { width: 320, height: 640 } };
    await visit(browser, app, { ...small, locale: regions[tag] ?? tag, expectFailures: true }, async (page) => {
      await allLive(page);
      for (const path of paths) {
        await page.goto(path);
        await settled(page, path);
        assert.equal(await page.locator('html').getAttribute('lang'), tag);
        assert.equal(await page.locator('[data-languages]').inputValue(), tag);
        served[`${path} ${tag}`] = await shown(page);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 320, `${path} is ${width} pixels wide in ${tag}`);
      }
    });
  }
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await allLive(page);
    for (const path of paths) {
      await page.goto(path);
      await settled(page, path);
      for (const tag of [...TAGS.slice(1), 'en']) {
        await speak(page, tag);
        await page.locator(`html[lang="${tag}"]`).waitFor();
        assert.deepEqual(await shown(page), served[`${path} ${tag}`], `${path} ${tag}`);
      }
    }
  });
});

test('a chosen language lasts, reaches the mail, and leaves the page as it is', async () => {
  const user = await app.createUser();
  await visit(browser, app, { expectFailures: true }, async (page) => {
    await page.goto('/forgot-password');
    await submit(page);
    await summary(page).getByText('Enter your email address.').waitFor();
    await speak(page, 'de');
    await summary(page).getByText('Geben Sie Ihre E-Mail-Adresse ein.').waitFor();
    await page.locator('#email-error').getByText('Geben Sie Ihre E-Mail-Adresse ein.').waitFor();
    await page.getByLabel('E-Mail-Adresse').fill(user.email);
    const asked = page.waitForRequest('**/v1/forgot-password');
    await submit(page);
    assert.equal((await asked).postDataJSON().locale, 'de');
    await titled(page, 'Prüfen Sie Ihr Postfach');
    await page.getByText(/^in \d+ Sekunden$/).waitFor();
    const { link } = await app.mails.next(user.email);
    await page.goto(link);
    await titled(page, 'Wählen Sie ein neues Passwort');
    await page.locator('#password').fill('12345');
    await speak(page, 'ja');
    await titled(page, '新しいパスワードを設定してください');
    assert.equal(await page.locator('#password').inputValue(), '12345');
    await submit(page);
    await page.locator('#password-error').getByText('パスワードは 8 文字以上で入力してください。').waitFor();
    await page.locator('#password').fill('violet staple horse in the rain');
    await submit(page);
    await titled(page, 'パスワードを変更しました');
  });
});

test('the pages about problems come in the language of the browser, and in the one that is chosen', async () => {
  await visit(browser, app, { locale: 'pt-BR', viewport: { width: 320, height: 640 } }, async (page) => {
    await page.goto('/problems/rate-limited');
    await titled(page, 'Muitas chamadas');
    const titles = new Set();
    for (const tag of TAGS) {
      await page.locator(`[data-language="${tag}"]`).click();
      await page.locator(`html[lang="${tag}"]`).waitFor();
      assert.equal(await page.locator('[data-language][aria-current=true]').getAttribute('data-language'), tag);
      const title = await page.locator('h1').textContent();
      assert.equal(await page.title(), `${title} · Harbour`);
      assert.equal(await page.locator('main a').textContent(), words[tag]['missing.forgot'].replace('{app}', 'Harbour'));
      titles.add(title);
      // Those with the longest words.
      for (const slug of ['password-rejected', 'unauthorized', 'invalid-reset-token']) {
        await page.goto(`/problems/${slug}`);
        assert.equal(await page.locator('html').getAttribute('lang'), tag, 'the choice lasts');
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 320, `${slug} is ${width} pixels wide in ${tag}`);
      }
      await page.goto('/problems/rate-limited');
    }
    assert.equal(titles.size, TAGS.length);
    await page.locator('[data-language=fr]').click();
    await page.locator('main a').click();
    await titled(page, 'Mot de passe oublié ?');
  });
});

test('names of the operator are text, not markup', async () => {
  const odd = await startApp({ app_name: '<img src=x onerror=alert(1)> & "Söhne"', support_url: 'mailto:help@example.test' });
  try {
    await visit(browser, odd, {}, async (page) => {
      await allLive(page);
      for (const path of ['/', '/forgot-password', `/reset-password${UNKNOWN}`, '/problems/invalid-otp']) {
        await page.goto(path);
        assert.equal(await page.locator('.brand').textContent(), '<img src=x onerror=alert(1)> & "Söhne"');
        assert.equal(await page.locator('img').count(), 0);
        if (path !== '/problems/invalid-otp') {
          await speak(page, 'fr');
          await page.locator('html[lang=fr]').waitFor();
          assert.equal(await page.locator('img').count(), 0);
          await page.context().clearCookies();
        }
      }
    });
  } finally {
    await odd.stop();
  }
});
