// A reply's text as paragraphs, lists and links. Everything else a text may hold stays text.

import { el } from "./dom.js";

/** @import {Contact} from "./types" */

const MAX_LENGTH = 20_000;
const MAX_BLOCKS = 400;
const MAX_URL = 2000;
const PROTOCOLS = new Set(["http:", "https:", "tel:", "mailto:"]);
// Embeddings and overrides turn the order of what follows them; isolates end with their paragraph.
const TURNING = /[\u202a-\u202e]/g;
const LINK = /\b(?:https?:\/\/|mailto:|tel:)[^\s<>"'`\u0000-\u0020\u2066-\u2069]+/gi;
const BULLET = /^\s*(?:[-*•]|\d{1,3}[.)])\s+/;

/**
 * The address of a link, if it may be one: no script, no user name that hides the real host, no endless length.
 * @param {unknown} url
 * @returns {string | null}
 */
export function safeUrl(url) {
  if (typeof url !== "string" || url.length > MAX_URL) return null;
  try {
    const parsed = new URL(url);
    return PROTOCOLS.has(parsed.protocol) && !parsed.username && !parsed.password ? parsed.href : null;
  } catch {
    return null;
  }
}

/**
 * A link that keeps this page open; the text alone where the address is not safe.
 * @param {unknown} url
 * @param {string} text
 * @param {Record<string, unknown>} [attributes]
 */
export function link(url, text, attributes = {}) {
  const href = safeUrl(url);
  if (!href) return el("bdi", { text });
  const opens = href.startsWith("http") ? { target: "_blank", rel: "noopener noreferrer" } : {};
  return el("a", { href, ...opens, ...attributes }, el("bdi", { text }));
}

/**
 * The blocks of a text.
 * @param {string} text
 * @param {Contact | null} [contact] its phone number becomes a link wherever the text names it
 * @returns {HTMLElement[]}
 */
export function blocks(text, contact = null) {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)} …` : text;
  /** @type {HTMLElement[]} */
  const made = [];
  for (const part of cut.replace(TURNING, "").split(/\n\s*\n/)) {
    for (const line of part.split("\n")) {
      if (made.length >= MAX_BLOCKS) return made;
      if (!line.trim()) continue;
      const last = made.at(-1);
      const mark = BULLET.exec(line)?.[0];
      if (!mark) {
        made.push(el("p", { dir: "auto" }, ...inline(line, contact)));
        continue;
      }
      const item = el("li", { dir: "auto" }, ...inline(line.slice(mark.length), contact));
      const name = /\d/.test(mark) ? "ol" : "ul";
      if (last?.localName === name && last.childElementCount < MAX_BLOCKS) last.append(item);
      else made.push(el(name, {}, item));
    }
  }
  return made;
}

/**
 * @param {string} line
 * @param {Contact | null} contact
 * @returns {Node[]}
 */
function inline(line, contact) {
  const phone = contact?.phone && contact.phone_text;
  if (phone && line.includes(phone)) {
    const [before, ...after] = line.split(phone);
    const call = link(`tel:${contact.phone}`, phone.replaceAll(" ", "\u00a0"));
    return [...inline(before, null), call, ...inline(after.join(phone), contact)];
  }
  /** @type {Node[]} */
  const made = [];
  let end = 0;
  for (const found of line.matchAll(LINK)) {
    // A full stop or a bracket at the end belongs to the sentence.
    const url = found[0].replace(/[.,;:!?)\]}]+$/, "");
    made.push(document.createTextNode(line.slice(end, found.index)), link(url, url));
    end = found.index + url.length;
  }
  return [...made, document.createTextNode(line.slice(end))];
}
