// Every page in every state that a person can meet: what the accessibility tests check and the screenshots show.

import { newPassword } from './app.js';
import { heading, summary } from './browser.js';

const submit = (page) => page.locator('button[type=submit]').click();
const title = (page, text) => heading(page).getByText(text).waitFor();

async function ask(page, email) {
  await page.goto('/forgot-password');
  await page.locator('#email').fill(email);
  await submit(page);
  await title(page, 'Check your email');
}

async function choose(page, link, password) {
  await page.goto(link);
  await page.locator('#password[passwordrules]').waitFor();
  await page.locator('#password').fill(password);
  await submit(page);
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
  start: (page) => page.goto('/'),
  missing: (page) => page.goto('/nothing-here'),
  problem: (page) => page.goto('/problems/password-rejected'),
  forgot: (page) => page.goto('/forgot-password'),
  'forgot-empty': async (page) => {
    await page.goto('/forgot-password');
    await submit(page);
    await summary(page).waitFor();
  },
  'forgot-limited': async (page) => {
    await answer(page, '/v1/forgot-password', 429, { 'Retry-After': '1200' }, 'rate-limited');
    await page.goto('/forgot-password');
    await page.locator('#email').fill('ann@example.test');
    await submit(page);
    await summary(page).getByText('20 minutes').waitFor();
  },
  'forgot-unavailable': async (page) => {
    await answer(page, '/v1/forgot-password', 503, { 'Retry-After': '5' }, 'service-unavailable');
    await page.goto('/forgot-password');
    await page.locator('#email').fill('ann@example.test');
    await submit(page);
    await summary(page).waitFor();
  },
  'forgot-busy': async (page) => {
    await page.route('**/v1/forgot-password', () => {});
    await page.goto('/forgot-password');
    await page.locator('#email').fill('ann@example.test');
    await submit(page);
    await page.locator('[data-busy]').waitFor();
  },
  code: (page) => ask(page, 'ann@example.test'),
  'code-again': async (page) => {
    await ask(page, 'ann@example.test');
    await page.locator('[data-resend][aria-disabled=false]').waitFor();
  },
  'code-resent': async (page) => {
    await ask(page, 'a-rather-long-address-of-somebody@department.university.example.test');
    await page.locator('[data-resend][aria-disabled=false]').click();
    await page.locator('[data-no-mail]').getByText('on its way').waitFor();
  },
  'code-wrong': async (page) => {
    await ask(page, 'ann@example.test');
    await page.locator('#code').fill('123456');
    await submit(page);
    await summary(page).waitFor();
  },
  'code-none': (page) => page.goto('/verify-otp'),
  password: async (page) => {
    await page.goto('/reset-password#token=unknown');
    await page.locator('#password[passwordrules]').waitFor();
  },
  'password-shown': async (page) => {
    await page.goto('/reset-password#token=unknown');
    await page.locator('#password[passwordrules]').waitFor();
    await page.locator('#password').fill('seven herons walk at dawn');
    await page.locator('[data-reveal]').click();
  },
  'password-refused': async (page, app) => {
    await choose(page, (await freshMail(app)).link, '12345');
    await summary(page).waitFor();
  },
  'password-done': async (page, app) => {
    await choose(page, (await freshMail(app)).link, newPassword());
    await title(page, 'Your password is changed');
  },
  'password-dead': async (page) => {
    await choose(page, '/reset-password#token=unknown', newPassword());
    await title(page, 'no longer works');
  },
  'password-none': (page) => page.goto('/reset-password'),
  cancel: (page) => page.goto('/cancel-recovery#token=unknown'),
  'cancel-done': async (page, app) => {
    await cancel(page, (await freshMail(app)).cancel);
    await title(page, 'useless now');
  },
  'cancel-dead': async (page) => {
    await cancel(page, '/cancel-recovery#token=unknown');
    await title(page, 'Nothing left to cancel');
  },
  'cancel-none': (page) => page.goto('/cancel-recovery'),
};
