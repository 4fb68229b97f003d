// The conversation as a text file, made here from what is on the screen.

import { el, fill } from "./dom.js";

/** @import {Clinic, Entry, Texts} from "./types" */

/**
 * @param {Entry[]} entries
 * @param {Texts} texts
 * @param {Clinic} clinic
 * @returns {string}
 */
export function transcript(entries, texts, clinic) {
  const contact = [clinic.phone_text && fill(texts.call, { phone: clinic.phone_text }), clinic.form_url];
  const head = [texts.title, clinic.name, new Date().toLocaleString(), texts.disclosure, ...contact];
  const turns = entries.map((entry) => {
    const note = entry.state === "unsent" || entry.state === "refused" ? ` (${texts[entry.state]})` : "";
    const replies = entry.replies.map((reply) => {
      const sources = reply.sources.map((source) => `  - ${source.publisher}: ${source.title}, ${source.url}`);
      return [`${texts.assistant}: ${reply.text}`, ...sources].join("\n");
    });
    return [`${texts.you}: ${entry.shown}${note}`, ...replies].join("\n\n");
  });
  return `${[head.filter(Boolean).join("\n"), ...turns].join("\n\n")}\n`;
}

/** @param {string} text @param {string} name */
export function save(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
