// The session token, and what was not acknowledged yet. Nothing else is kept in the browser.

/** @import {Content} from "./types" */

/** @typedef {Content & {clientId: string}} Kept */

export const TOKEN = "smp-chat.token";
const UNSENT = "smp-chat.unsent";

/** In place of a storage that the browser refuses: a sandboxed frame, blocked site data. @type {Map<string, string>} */
const memory = new Map();

/**
 * @param {"localStorage" | "sessionStorage"} kind
 * @param {string} key
 */
function read(kind, key) {
  try {
    return window[kind].getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} kind
 * @param {string} key
 * @param {string | null} value
 */
function write(kind, key, value) {
  memory.delete(key);
  try {
    if (value === null) window[kind].removeItem(key);
    else window[kind].setItem(key, value);
  } catch {
    if (value !== null) memory.set(key, value);
  }
}

export const token = {
  get: () => read("localStorage", TOKEN),
  /** @param {string | null} value */
  set: (value) => write("localStorage", TOKEN, value),
};

/** What is typed and not sent, and what is sent and not acknowledged, oldest first. */
export const unsent = {
  /** @returns {{draft: string, queue: Kept[]}} */
  get() {
    try {
      const kept = JSON.parse(read("sessionStorage", UNSENT) ?? "{}");
      const queue = Array.isArray(kept.queue) ? kept.queue.filter(isKept) : [];
      return { draft: typeof kept.draft === "string" ? kept.draft : "", queue };
    } catch {
      return { draft: "", queue: [] };
    }
  },
  /** @param {{draft?: string, queue?: Kept[]}} change */
  set(change) {
    const kept = { ...this.get(), ...change };
    write("sessionStorage", UNSENT, kept.draft || kept.queue.length ? JSON.stringify(kept) : null);
  },
};

/** @param {any} value */
function isKept(value) {
  return typeof value?.clientId === "string" && typeof value.shown === "string" && ("text" in value || "choice" in value);
}
