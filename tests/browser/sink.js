// An email provider that speaks Resend's API and keeps what it is given.

import { createServer } from 'node:http';
import { until } from './limits.js';

export async function startSink() {
  const mails = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    if (status !== 200) return response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
    const mail = JSON.parse(Buffer.concat(parts));
    mails.push({ mail, taken: false });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id: `mail-${mails.length}` }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  const sentTo = (email) => mails.filter(({ mail }) => [mail.to].flat().includes(email));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,

    /** Answers everything with this status from now on. */
    answerWith(code) {
      status = code;
    },

    /** How many emails went to `email`. */
    count: (email) => sentTo(email).length,

    /** The oldest email to `email` that was not waited for yet, with its links and its code. */
    async next(email) {
      const next = await until(() => sentTo(email).find(({ taken }) => !taken), `a mail to ${email}`);
      next.taken = true;
      return read(next.mail);
    },

    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function read({ subject, text, html }) {
  return {
    subject,
    text,
    html,
    link: text.match(/\S+\/reset-password#token=\S+/)?.[0],
    cancel: text.match(/\S+\/cancel-recovery#token=\S+/)?.[0],
    code: text.match(/^ {4}(\d+)$/m)?.[1],
    password: text.match(/[a-z2-9]{5}(?:-[a-z2-9]{5}){3}/)?.[0],
  };
}
