// The plain page's chat. Text is only ever set as text, and links are made here from checked parts.

const chat = document.querySelector(".chat");
const log = chat.querySelector(".log");
const starters = chat.querySelector(".starters");
const form = chat.querySelector(".composer");
const field = form.querySelector("textarea");
const TOKEN = "smp-chat-token";

let token = sessionStorage.getItem(TOKEN);

class ApiError extends Error {
  /** @param {number} status @param {{error?: {code: string, message: string}, contact?: object}} body */
  constructor(status, body) {
    super(body.error?.message ?? "No connection.");
    this.status = status;
    this.code = body.error?.code;
    this.contact = body.contact;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/api/chat/${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
  } catch {
    throw new ApiError(0, {});
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer;
}

function element(name, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function show(node) {
  log.append(node);
  log.scrollTop = log.scrollHeight;
  return node;
}

function showVisitor(text) {
  return show(element("div", { class: "bubble visitor" }, element("p", { text })));
}

function web(url) {
  try {
    const parsed = new URL(url, location.href);
    return ["http:", "https:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

function link(url, text, className) {
  const href = web(url);
  return href ? element("a", { href, text, rel: "noopener noreferrer", target: "_blank", ...(className && { class: className }) }) : text;
}

function contactActions(contact) {
  const actions = element("div", { class: "actions" });
  if (contact?.phone) actions.append(element("a", { class: "button", href: `tel:${contact.phone}`, text: `Call ${contact.phone_text}` }));
  if (contact?.form_url) actions.append(link(contact.form_url, "Contact form", "button"));
  return actions;
}

function showReply(reply) {
  const emergency = reply.kind === "emergency";
  const bubble = element("div", { class: `bubble assistant ${reply.kind}`, ...(emergency && { role: "alert" }) });
  if (emergency) bubble.append(element("p", { class: "label", text: "This may be an emergency" }));
  bubble.append(element("p", { text: reply.text }));
  if (emergency && chat.dataset.emergencyLine) {
    const line = chat.dataset.emergencyLine;
    bubble.append(element("div", { class: "actions" }, element("a", { class: "button alarm", href: `tel:${line}`, text: `Call ${line}` })));
  }
  if (reply.choices.length) {
    const actions = element("div", { class: "actions" });
    for (const choice of reply.choices) {
      const button = element("button", { type: "button", text: choice.title, title: choice.description });
      button.addEventListener("click", () => send({ choice: choice.id }, choice.title));
      actions.append(button);
    }
    bubble.append(actions);
  }
  if (reply.contact && reply.kind !== "smalltalk") bubble.append(contactActions(reply.contact));
  if (reply.sources.length) {
    const list = element("ul");
    for (const source of reply.sources) list.append(element("li", {}, link(source.url, source.title), ` (${source.publisher})`));
    bubble.append(element("details", {}, element("summary", { text: `Sources (${reply.sources.length})` }), list));
  }
  if (reply.id && reply.id !== "greeting" && reply.kind !== "notice") bubble.append(feedback(reply.id));
  return show(bubble);
}

function feedback(id) {
  const row = element("div", { class: "feedback", role: "group", "aria-label": "Was this helpful?" }, "Helpful?");
  const buttons = [true, false].map((helpful) => {
    const button = element("button", { type: "button", text: helpful ? "Yes" : "No", "aria-pressed": "false" });
    button.addEventListener("click", async () => {
      try {
        await call("POST", "feedback", { reply_id: id, helpful });
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      } catch {
        button.setAttribute("aria-pressed", "false");
      }
    });
    return button;
  });
  row.append(...buttons);
  return row;
}

function showFailure(bubble, error, again) {
  bubble.classList.add("unsent");
  const notice = element("div", { class: "bubble assistant notice", role: "alert" });
  const contact = error.contact ?? { phone: chat.dataset.phone, phone_text: chat.dataset.phoneText, form_url: chat.dataset.formUrl };
  notice.append(element("p", { text: `This was not sent: ${error.message} ${chat.dataset.emergency}` }), contactActions(contact));
  const retry = element("button", { type: "button", text: "Send again" });
  retry.addEventListener("click", () => {
    notice.remove();
    bubble.classList.remove("unsent");
    again();
  });
  notice.querySelector(".actions").append(retry);
  show(notice);
}

async function start() {
  const session = await call("POST", "sessions", { page: location.pathname });
  token = session.token;
  sessionStorage.setItem(TOKEN, token);
  return session;
}

async function deliver(bubble, message) {
  const typing = show(element("p", { class: "typing", text: "The assistant is writing …" }));
  try {
    let answer;
    try {
      if (!token) await start();
      answer = await call("POST", "messages", message);
    } catch (error) {
      if (error.status !== 401) throw error;
      token = null;
      await start();
      answer = await call("POST", "messages", message);
    }
    typing.remove();
    answer.replies.forEach(showReply);
  } catch (error) {
    typing.remove();
    showFailure(bubble, error, () => deliver(bubble, message));
  }
}

function send(content, shown) {
  starters.replaceChildren();
  // An id of our own lets the server tell a repeated message from a new one.
  return deliver(showVisitor(shown), { client_message_id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), ...content });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  send({ text }, text);
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

chat.querySelector("[data-delete]").addEventListener("click", async () => {
  if (!token) return;
  try {
    const { receipt } = await call("DELETE", "session");
    token = null;
    sessionStorage.removeItem(TOKEN);
    log.replaceChildren();
    show(element("div", { class: "bubble assistant notice" }, element("p", { text: `This conversation was deleted. Receipt: ${receipt.id}` })));
  } catch (error) {
    show(element("div", { class: "bubble assistant notice", role: "alert" }, element("p", { text: error.message })));
  }
});

async function open() {
  let session;
  try {
    session = await start();
  } catch (error) {
    showFailure(element("div"), error, open);
    return;
  }
  session.replies.forEach(showReply);
  const { messages } = await call("GET", "messages").catch(() => ({ messages: [] }));
  for (const message of messages) {
    const titles = messages.flatMap((m) => m.replies.flatMap((reply) => reply.choices));
    showVisitor(message.text || titles.find((choice) => choice.id === message.choice)?.title || message.choice);
    message.replies.forEach(showReply);
  }
  if (messages.length) return;
  for (const question of session.starters) {
    const button = element("button", { type: "button", text: question });
    button.addEventListener("click", () => send({ text: question }, question));
    starters.append(element("li", {}, button));
  }
}

open();
