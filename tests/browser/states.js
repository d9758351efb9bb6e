// Every page in every state that a person can meet: what the accessibility tests check and the screenshots show.

import { newPassword } from './app.js';
import { summary } from './browser.js';
import { portalStates } from './portal-states.js';
import * as steps from './steps.js';

const { UNKNOWN, allLive, submit, titled } = steps;

async function open(page, path) {
  await page.goto(path);
  await steps.ready(page);
}

async function choose(page, link, password) {
  await page.goto(link);
  await page.locator('#password[passwordrules]').waitFor();
  await steps.choose(page, password);
}

async function cancel(page, link) {
  await page.goto(link);
  await submit(page);
}

async function freshMail(app) {
  const { email } = await app.createUser();
  return { email, ...await app.recoveryMail(email) };
}

/** Answers calls of `path` as the server would. */
const answer = (page, path, status, headers, slug) => page.route(`**${path}`, (route) => route.fulfill({
  status,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: `https://id.example.test/problems/${slug}`, status }),
}));

export const states = {
  start: (page) => open(page, '/'),
  missing: (page) => open(page, '/nothing-here'),
  problem: (page) => page.goto('/problems/password-rejected'),
  forgot: (page) => open(page, '/forgot-password'),
  'forgot-empty': async (page) => {
    await page.goto('/forgot-password');
    await submit(page);
    await summary(page).waitFor();
  },
  'forgot-limited': async (page) => {
    await answer(page, '/v1/forgot-password', 429, { 'Retry-After': '1200' }, 'rate-limited');
    await steps.ask(page, 'ann@example.test');
    await summary(page).getByText('20 minutes').waitFor();
  },
  'forgot-unavailable': async (page) => {
    await answer(page, '/v1/forgot-password', 503, { 'Retry-After': '5' }, 'service-unavailable');
    await steps.ask(page, 'ann@example.test');
    await summary(page).waitFor();
  },
  'forgot-busy': async (page) => {
    await page.route('**/v1/forgot-password', () => {});
    await steps.ask(page, 'ann@example.test');
    await page.locator('[data-busy]').waitFor();
  },
  'forgot-submitted': async (page) => {
    await page.route('**/*.js', (route) => route.abort());
    await steps.ask(page, 'ann@example.test');
    await page.waitForURL('**/submit');
  },
  'forgot-submitted-wrong': async (page) => {
    await page.route('**/*.js', (route) => route.abort());
    await steps.ask(page, 'ann');
    await page.waitForURL('**/submit');
  },
  code: (page) => steps.asked(page, 'ann@example.test'),
  'code-again': async (page) => {
    await steps.asked(page, 'ann@example.test');
    await page.locator('[data-resend][aria-disabled=false]').waitFor();
  },
  'code-resent': async (page) => {
    await steps.asked(page, 'a-rather-long-address-of-somebody@department.university.example.test');
    await page.locator('[data-resend][aria-disabled=false]').click();
    await page.locator('[data-no-mail]').getByText('on its way').waitFor();
  },
  'code-wrong': async (page) => {
    await steps.asked(page, 'ann@example.test');
    await steps.enter(page, '123456');
    await summary(page).waitFor();
  },
  'code-shape': async (page) => {
    await steps.asked(page, 'ann@example.test');
    await steps.enter(page, '12345');
    await summary(page).waitFor();
  },
  'code-spent': async (page) => {
    await answer(page, '/v1/verify-otp', 400, {}, 'invalid-otp');
    await steps.asked(page, 'ann@example.test');
    for (let tries = 0; tries < 5; tries += 1) {
      await steps.enter(page, `12345${tries}`);
      await summary(page).getByText(tries < 4 ? 'This code' : 'Too many wrong codes').first().waitFor();
      await page.locator('[data-busy]').waitFor({ state: 'detached' });
    }
  },
  'code-none': (page) => open(page, '/verify-otp'),
  'code-none-wrong': async (page) => {
    await open(page, '/verify-otp');
    await page.locator('#email').fill('ann@example.test');
    await steps.enter(page, '123456');
    await summary(page).waitFor();
  },
  'code-none-empty': async (page) => {
    await open(page, '/verify-otp');
    await submit(page);
    await summary(page).waitFor();
  },
  password: async (page, app) => {
    await page.goto((await freshMail(app)).link);
    await page.locator('#password[passwordrules]').waitFor();
  },
  'password-must-change': async (page) => {
    await allLive(page, 'must-change');
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.getByText('Before you continue').waitFor();
  },
  'password-long-address': async (page) => {
    await page.route('**/v1/reset-password/check', (route) => route.fulfill({
      json: { email: 'a-rather-long-address-of-somebody@department.university.example.test', expires_in: 60, reason: 'recovery' },
    }));
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.getByText('a-rather-long-address').waitFor();
  },
  'password-unchecked': async (page) => {
    await page.route('**/v1/reset-password/check', (route) => route.abort());
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.locator('#password[passwordrules]').waitFor();
  },
  'password-breach': async (page) => {
    await page.route('**/v1/password-policy', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(), breach_check: true } });
    });
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.getByText('Not found in a data breach').waitFor();
  },
  'password-shown': async (page) => {
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.locator('#password[passwordrules]').waitFor();
    await page.locator('#password').fill('seven herons walk at dawn');
    await page.locator('[data-reveal]').click();
  },
  'password-weak': async (page) => {
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.locator('#password[passwordrules]').waitFor();
    await page.locator('#password').fill('herons2026');
    await page.locator('[data-estimate]:not(:empty)').waitFor();
  },
  'password-strong': async (page) => {
    await allLive(page);
    await page.goto(`/reset-password${UNKNOWN}`);
    await page.locator('#password[passwordrules]').waitFor();
    await page.locator('#password').fill('seven herons walk at dawn');
    await page.locator('[data-rule=guess][data-met]').waitFor();
  },
  'password-refused': async (page, app) => {
    await choose(page, (await freshMail(app)).link, '12345');
    await summary(page).waitFor();
  },
  'password-done': async (page, app) => {
    await choose(page, (await freshMail(app)).link, newPassword());
    await titled(page, 'Your password has been changed');
  },
  'password-dead': async (page) => {
    await page.goto(`/reset-password${UNKNOWN}`);
    await titled(page, 'no longer works');
  },
  'password-lost': async (page) => {
    await answer(page, '/v1/reset-password', 503, { 'Retry-After': '5' }, 'start-again');
    await allLive(page);
    await choose(page, `/reset-password${UNKNOWN}`, newPassword());
    await titled(page, 'Try your new password');
  },
  'password-none': (page) => open(page, '/reset-password'),
  cancel: (page) => open(page, `/cancel-recovery${UNKNOWN}`),
  'cancel-done': async (page, app) => {
    await cancel(page, (await freshMail(app)).cancel);
    await titled(page, 'Request cancelled');
  },
  'cancel-dead': async (page) => {
    await cancel(page, `/cancel-recovery${UNKNOWN}`);
    await titled(page, 'Nothing left to cancel');
  },
  'cancel-none': (page) => open(page, '/cancel-recovery'),
  'api-docs': async (page) => {
    await page.goto('/docs');
    await titled(page, 'the API');
  },
  ...portalStates,
};
