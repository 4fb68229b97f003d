// One reply as a card: its text, what can be done about it, and where it comes from.

import { el, fill, icon } from "./dom.js";
import { blocks, link } from "./text.js";

/** @import {Clinic, Contact, Content, Entry, Reply, Texts} from "./types" */

/**
 * @typedef {object} Actions
 * @property {(content: Content) => void} send
 * @property {(entry: Entry) => void} again
 * @property {(reply: Reply, helpful: boolean) => Promise<void>} rate
 */

/** What the content is written in, whatever the language around it. */
export const CONTENT_LANGUAGE = "en";
/** What the assistant understands as a wish to be called. */
const CALL_ME_BACK = "please call me back";
const MOST = 20;
const WARNING = "M12 3 1.5 21h21L12 3Zm0 6v6m0 2.5v1";
const TICK = "m4 12.5 5.5 5.5L20 7";
/** Kinds that lead to the clinic. */
const LEADING = new Set(["handoff", "notice", "refuse", "form", "out_of_scope"]);

/**
 * @param {Reply} reply
 * @param {Entry} entry the message it answers
 * @param {{texts: Texts, clinic: Clinic, actions: Actions, isNew: boolean}} context `isNew`: an emergency is spoken at once
 */
export function replyCard(reply, entry, { texts, clinic, actions, isNew }) {
  const isEmergency = reply.kind === "emergency";
  const body = el("div", { class: "text", lang: CONTENT_LANGUAGE }, ...blocks(reply.text, reply.contact ?? clinic));
  const card = el(
    "div",
    { class: `card reply ${reply.kind}`, part: isEmergency ? "reply emergency" : "reply", role: isEmergency && isNew ? "alert" : null },
    el("span", { class: "unseen", text: `${texts.assistant}: ` }),
    isEmergency && el("p", { class: "alarm-title" }, icon(WARNING), texts.emergency_title),
    isEmergency && emergencyCall(texts, clinic),
    body,
    status(reply, texts),
    choices(reply, texts, actions),
    contact(reply, entry, texts, actions),
    sources(reply, texts),
    reply.reviewed && el("p", { class: "small", text: fill(texts.reviewed, reply.reviewed) }),
  );
  if (!["notice", "smalltalk", "form", "clarify"].includes(reply.kind)) card.append(feedback(reply, texts, actions));
  return card;
}

/** @param {Texts} texts @param {Clinic} clinic */
function emergencyCall(texts, clinic) {
  const line = clinic.emergency_line;
  return line && el("div", { class: "row" }, link(`tel:${line}`, fill(texts.emergency_call, { line }), { class: "button alarm" }));
}

/** @param {Reply} reply @param {Texts} texts */
function status(reply, texts) {
  const state = reply.handoff?.status;
  if (state !== "requested" && state !== "cancelled") return null;
  return el("p", { class: "small state" }, state === "requested" && icon(TICK), texts[state]);
}

/** @param {Reply} reply @param {Texts} texts @param {Actions} actions */
function choices(reply, texts, actions) {
  if (!reply.choices.length) return null;
  const buttons = reply.choices.slice(0, MOST).map(({ id, title, description }) =>
    el("button", { type: "button", class: "button", dir: "auto", title: description || null, text: title, onclick: () => actions.send({ choice: id, shown: title }) }),
  );
  return el("div", { class: "row", role: "group", "aria-label": texts.choices, lang: CONTENT_LANGUAGE }, ...buttons);
}

/** @param {Reply} reply @param {Entry} entry @param {Texts} texts @param {Actions} actions */
function contact(reply, entry, texts, actions) {
  if (!LEADING.has(reply.kind)) return null;
  const row = el("div", { class: "row" }, ...contactLinks(reply.contact, texts));
  if (reply.handoff?.status === "offered") {
    const ask = () => actions.send({ text: CALL_ME_BACK, shown: CALL_ME_BACK });
    row.append(el("button", { type: "button", class: "button", text: texts.call_back, onclick: ask }));
  }
  if (reply.kind === "notice") {
    row.append(el("button", { type: "button", class: "button", text: texts.ask_again, onclick: () => actions.again(entry) }));
  }
  return row.childElementCount > 0 && row;
}

/** @param {Contact | null} contact @param {Texts} texts @returns {HTMLElement[]} */
export function contactLinks(contact, texts) {
  const made = [];
  if (contact?.phone && contact.phone_text) {
    made.push(link(`tel:${contact.phone}`, fill(texts.call, { phone: contact.phone_text }), { class: "button" }));
  }
  if (contact?.form_url) {
    const form = link(contact.form_url, texts.form, { class: "button" });
    form.append(el("span", { class: "unseen", text: ` ${texts.new_tab}` }));
    made.push(form);
  }
  return made;
}

/** @param {Reply} reply @param {Texts} texts */
function sources(reply, texts) {
  if (!reply.sources.length) return null;
  const items = reply.sources.slice(0, MOST).map(({ title, publisher, url }) =>
    el("li", { dir: "auto", lang: CONTENT_LANGUAGE }, link(url, title), el("span", { class: "publisher", text: publisher })),
  );
  return el("details", { part: "sources" }, el("summary", { text: fill(texts.sources, { count: items.length }) }), el("ul", {}, ...items));
}

/** @param {Reply} reply @param {Texts} texts @param {Actions} actions */
function feedback(reply, texts, actions) {
  const problem = el("span", { role: "status" });
  /** @param {boolean} helpful */
  const show = (helpful) => buttons.forEach((button, place) => button.setAttribute("aria-pressed", String((place === 0) === helpful)));
  const buttons = [true, false].map((helpful) =>
    el("button", {
      type: "button", class: "quiet", text: helpful ? texts.yes : texts.no, "aria-pressed": String(reply.helpful === helpful),
      onclick: async () => {
        problem.textContent = "";
        try {
          await actions.rate(reply, helpful);
          reply.helpful = helpful;
          show(helpful);
        } catch {
          problem.textContent = texts.feedback_failed;
        }
      },
    }),
  );
  return el("div", { class: "feedback", role: "group", "aria-label": texts.helpful }, el("span", { "aria-hidden": "true", text: texts.helpful }), ...buttons, problem);
}
