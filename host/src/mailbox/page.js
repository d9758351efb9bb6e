"use strict";

const REFRESH_MS = 2000;
const element = (id) => document.getElementById(id);

let mails = [];
let shown = null;

function button(mail) {
  const open = document.createElement("button");
  open.type = "button";
  for (const [name, value] of [["subject", mail.subject], ["to", mail.to.join(", ")], ["time", time(mail)]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = value;
    open.append(part);
  }
  if (mail.id === shown) open.setAttribute("aria-current", "true");
  open.addEventListener("click", () => show(mail.id));
  return open;
}

function time(mail) {
  return new Date(mail.received_at).toLocaleTimeString();
}

function list() {
  element("mails").replaceChildren(...mails.map((mail) => {
    const item = document.createElement("li");
    item.append(button(mail));
    return item;
  }));
  element("state").textContent = mails.length === 0 ? "No mails yet." : `${mails.length} of at most 200 mails.`;
  element("clear").disabled = mails.length === 0;
}

function show(id) {
  shown = id;
  list();
  const mail = mails.find((mail) => mail.id === id);
  element("mail").hidden = !mail;
  if (!mail) return;

  element("subject").textContent = mail.subject;
  const headers = [["From", mail.from], ["To", mail.to.join(", ")], ["Received", mail.received_at]];
  if (mail.reply_to.length > 0) headers.push(["Reply-To", mail.reply_to.join(", ")]);
  headers.push(...Object.entries(mail.headers));
  element("headers").replaceChildren(...headers.flatMap(([name, value]) => {
    const term = document.createElement("dt");
    const description = document.createElement("dd");
    term.textContent = name;
    description.textContent = value;
    return [term, description];
  }));
  element("text-part").hidden = mail.text === null;
  element("text").textContent = mail.text ?? "";
  element("html-part").hidden = mail.html === null;
  // The frame is sandboxed: the mail runs no script, and a click on a link opens another tab.
  element("html").srcdoc = mail.html === null ? "" : `<base target="_blank">${mail.html}`;
}

async function refresh() {
  try {
    const answer = await fetch("/api/messages");
    const latest = await answer.json();
    const changed = latest.length !== mails.length || latest[0]?.id !== mails[0]?.id;
    mails = latest;
    if (changed || mails.length === 0) list();
    if (!mails.some((mail) => mail.id === shown)) show(mails[0]?.id ?? null);
  } catch {
    element("state").textContent = "The host does not answer.";
  }
  setTimeout(refresh, REFRESH_MS);
}

element("clear").addEventListener("click", async () => {
  await fetch("/api/messages", { method: "DELETE" });
  mails = [];
  show(null);
});

refresh();
