"use strict";

const REFRESH_MS = 2000;
const element = (id) => document.getElementById(id);

let mails = [];
let shown = null;
let newestEvent = null;
const view = { part: "html", width: "700", scheme: "light" };

// The code is a line of digits; a link carries its secret in the fragment.
const FINDS = [
  ["Copy the code", /^\s*(\d{6,10})\s*$/m],
  ["Copy the link", /(https?:\/\/\S+\/reset-password#token=\S+)/],
  ["Copy the cancel link", /(https?:\/\/\S+\/cancel-recovery#token=\S+)/],
];

function copies(mail) {
  return FINDS.flatMap(([label, pattern]) => {
    const found = (mail.text ?? "").match(pattern);
    if (!found) return [];
    const copy = document.createElement("button");
    copy.type = "button";
    copy.textContent = label;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(found[1]);
      element("state").textContent = `Copied: ${found[1]}`;
    });
    return [copy];
  });
}

function event(told) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const body = document.createElement("pre");
  summary.textContent = `${time(told)} ${told.type ?? told.id}`;
  body.textContent = JSON.stringify(told.body, null, 2);
  details.append(summary, body);
  return details;
}

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
  element("state").textContent = mails.length === 0 ? "No emails yet." : `${mails.length} ${mails.length === 1 ? "email" : "emails"} (200 at most).`;
  element("clear").disabled = mails.length === 0;
}

function show(id) {
  shown = id;
  list();
  const mail = mails.find((mail) => mail.id === id);
  element("mail").hidden = !mail;
  if (!mail) return;

  element("subject").textContent = mail.subject;
  const headers = [["From", mail.from], ["To", mail.to.join(", ")], ["Received", mail.received_at], ["Provider", mail.provider]];
  if (mail.reply_to.length > 0) headers.push(["Reply-To", mail.reply_to.join(", ")]);
  headers.push(...Object.entries(mail.headers));
  element("headers").replaceChildren(...headers.flatMap(([name, value]) => {
    const term = document.createElement("dt");
    const description = document.createElement("dd");
    term.textContent = name;
    description.textContent = value;
    return [term, description];
  }));
  element("copies").replaceChildren(...copies(mail));
  element("text").textContent = mail.text ?? "This email has no text part.";
  element("source").textContent = mail.html ?? "This email has no HTML part.";
  render(mail);
}

function render(mail) {
  for (const part of ["html", "text", "source"]) element(`${part}-part`).hidden = part !== view.part;
  for (const choice of document.querySelectorAll("[data-for]")) choice.hidden = choice.dataset.for !== view.part;
  const frame = element("html");
  frame.style.width = `${view.width}px`;
  frame.style.colorScheme = view.scheme;
  // The frame is sandboxed: the email runs no script, and a click on a link opens another tab.
  const page = mail.html === null ? "<p>This email has no HTML part.</p>" : `<base target="_blank">${inScheme(mail.html)}`;
  if (frame.srcdoc === page) fit();
  else frame.srcdoc = page;
}

// The styles for dark readers, switched by hand: a page cannot choose what its frame's reader prefers.
function inScheme(html) {
  const applies = { light: "not all", dark: "all" };
  return html.replace(/\(prefers-color-scheme:\s*(light|dark)\)/g, (_, scheme) => (
    scheme === view.scheme ? applies.dark : applies.light));
}

/** Makes the frame as tall as the email in it. */
function fit() {
  const frame = element("html");
  frame.style.height = "0";
  frame.style.height = `${frame.contentDocument?.documentElement.scrollHeight ?? 0}px`;
}

async function refresh() {
  try {
    const answer = await fetch("/api/messages");
    const latest = await answer.json();
    const changed = latest.length !== mails.length || latest[0]?.id !== mails[0]?.id;
    // Somebody who reads an older email keeps it.
    const follows = shown === null || shown === mails[0]?.id;
    mails = latest;
    if (changed || mails.length === 0) list();
    if (changed && (follows || !mails.some((mail) => mail.id === shown))) show(mails[0]?.id ?? null);
    const events = await (await fetch("/api/events")).json();
    if (events[0]?.id !== newestEvent) {
      newestEvent = events[0]?.id;
      element("events").replaceChildren(...events.map(event));
      element("events-part").hidden = events.length === 0;
    }
    const { behaviour } = await (await fetch("/api/behaviour")).json();
    if (document.activeElement !== element("behaviour")) element("behaviour").value = behaviour;
  } catch {
    element("state").textContent = "The host isn’t responding.";
  }
  setTimeout(refresh, REFRESH_MS);
}

element("clear").addEventListener("click", async () => {
  await fetch("/api/messages", { method: "DELETE" });
  await fetch("/api/events", { method: "DELETE" });
  mails = [];
  show(null);
});

element("behaviour").addEventListener("change", async ({ target }) => {
  const answer = await fetch("/api/behaviour", { method: "PUT", body: JSON.stringify({ behaviour: target.value }) });
  const next = target.selectedOptions[0].textContent;
  element("state").textContent = answer.ok ? `Next email: ${next}. Later ones are accepted.` : "The host didn’t accept that.";
});

element("html").addEventListener("load", fit);
element("view").addEventListener("change", ({ target }) => {
  view[target.name] = target.value;
  show(shown);
});

refresh();
