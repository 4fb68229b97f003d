// The conversation as this browser knows it: what is kept, sent, answered, and seen in other tabs. Draws nothing.

import { ApiError } from "./api.js";
import { TOKEN, token, unsent } from "./storage.js";

/** @import {Api} from "./api" */
/** @import {Content, Entry, Reach, Reply} from "./types" */

/**
 * @typedef {object} Listener
 * @property {(entry: Entry, before: Entry | undefined) => void} changed an entry is new or not as it was
 * @property {(reach: Reach) => void} reached
 * @property {(reason: "ended" | "erased") => void} cleared the conversation is no more; nothing of it stays
 */

const LONGEST_WAIT = 30_000;
const ANSWER_PAUSE = 1500;

export class Conversation {
  /** @type {Entry[]} */
  entries = [];
  /** @type {Reach} */
  reach = "ok";
  /** The server has nothing new up to and with this message. */
  #seen = 0n;
  #failures = 0;
  #isFlushing = false;
  #isPaused = false;
  #hasStartedOver = false;
  /** @type {Promise<void> | null} */
  #reading = null;
  /** News came while a reading was under way that may have been too early for it. */
  #isBehind = false;
  /** @type {string | null} */
  #token = token.get();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;
  #stop = new AbortController();
  /** Tells this site's other tabs. @type {BroadcastChannel | null} */
  #tabs = null;

  /** @param {Api} api @param {Listener} listener */
  constructor(api, listener) {
    this.api = api;
    this.listener = listener;
  }

  /** Restore what was said, and follow the network and other tabs from now on. `retry` then sends what was not sent. */
  async start() {
    try {
      this.#tabs = new BroadcastChannel("smp-chat");
      this.#tabs.onmessage = ({ data }) => this.#heard(data);
    } catch {
      // A sandboxed frame has no other tabs.
    }
    addEventListener("storage", (event) => event.key === TOKEN && this.#adopt());
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#report("offline"));
    addEventListener("focus", () => this.#wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake());
    for (const kept of unsent.get().queue) {
      this.#put({ ...kept, id: null, state: navigator.onLine ? "sending" : "unsent", replies: [] });
    }
    if (!navigator.onLine) this.#report("offline");
    await this.read();
  }

  /** @param {Content} content */
  send(content) {
    const clientId = newId();
    unsent.set({ queue: [...unsent.get().queue, { clientId, ...content }] });
    this.#put({ ...content, clientId, id: null, state: "sending", replies: [] });
    return this.#flush();
  }

  /** Ask the server again for an answer to what it has already: the same message, so nothing is done twice. @param {Entry} entry */
  again(entry) {
    const { clientId, shown, text, choice } = entry;
    unsent.set({ queue: [...unsent.get().queue, { clientId, shown, ...(choice ? { choice } : { text }) }] });
    this.#put({ ...entry, state: "sending", replies: [] });
    return this.#flush();
  }

  /** Send what waits now, not when its time comes. */
  async retry() {
    clearTimeout(this.#retry);
    await this.#flush();
    if (this.reach !== "ok") await this.read();
  }

  /** What the server has and this tab does not. */
  read() {
    this.#reading ??= this.#readUp().finally(() => (this.#reading = null));
    return this.#reading;
  }

  #readNews() {
    this.#isBehind = this.#reading !== null;
    return this.read();
  }

  async #readUp() {
    do {
      this.#isBehind = false;
      await this.#read();
    } while (this.#isBehind);
  }

  /**
   * Erase it everywhere.
   * @returns {Promise<{id: string, erased_at: string, text: string} | null>} the receipt; null when the server had nothing (any more)
   * @throws {ApiError} nothing was erased
   */
  async erase() {
    this.#isPaused = true;
    this.#stop.abort();
    let receipt = null;
    try {
      if (token.get()) ({ receipt } = await this.api.erase());
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) {
        this.#isPaused = false;
        this.#stop = new AbortController();
        this.#flush();
        throw error;
      }
    }
    token.set(null);
    this.#clear("erased");
    this.#tabs?.postMessage({ type: "erased" });
    return receipt;
  }

  async #flush() {
    if (this.#isFlushing || this.#isPaused) return;
    this.#isFlushing = true;
    clearTimeout(this.#retry);
    try {
      for (let kept = unsent.get().queue[0]; kept && !this.#isPaused; kept = unsent.get().queue[0]) {
        if (!(await this.#deliver(kept))) return;
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  /**
   * One message; whether the next one may follow.
   * @param {import("./storage.js").Kept} kept
   */
  async #deliver(kept) {
    const entry = () => this.entries.find((one) => one.clientId === kept.clientId) ?? { ...kept, id: null, replies: [] };
    this.#put({ ...entry(), state: "sending" });
    const { clientId, text, choice } = kept;
    const stop = this.#stop;
    const body = { client_message_id: clientId, ...(choice ? { choice } : { text }) };
    try {
      const sent = await this.api.send(body, stop.signal);
      if (stop.signal.aborted) return false;
      this.#token = token.get();
      this.#acknowledge(clientId);
      this.#put({ ...entry(), id: sent.message_id, replies: sent.replies, state: "done" });
      this.#failures = 0;
      this.#hasStartedOver = false;
      this.#report("ok");
      this.#tabs?.postMessage({ type: "changed", id: sent.message_id });
      return true;
    } catch (error) {
      if (stop.signal.aborted) return false;
      if (error instanceof ApiError && error.isFinal) {
        this.#acknowledge(clientId);
        this.#put({ ...entry(), state: "refused" });
        return true;
      }
      if (error instanceof ApiError && error.status === 401 && !this.#hasStartedOver) {
        // The session is over: the next one gets the message.
        this.#hasStartedOver = true;
        this.#clear("ended");
        return true;
      }
      // What was written after it waits as well.
      for (const waiting of unsent.get().queue) {
        const known = this.entries.find((one) => one.clientId === waiting.clientId);
        if (known) this.#put({ ...known, state: "unsent" });
      }
      this.#wait(error instanceof ApiError && error.status === 429);
      return false;
    }
  }

  /** @param {boolean} isBusy */
  #wait(isBusy) {
    this.#report(!navigator.onLine ? "offline" : isBusy ? "busy" : "down");
    const steady = Math.min(LONGEST_WAIT, 1000 * 2 ** this.#failures++);
    // Spread, so that visitors don't all come back in the same second.
    const pause = (isBusy ? 5000 : 0) + steady * (0.75 + Math.random() / 2);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.retry(), pause);
  }

  async #read() {
    if (!token.get()) return;
    clearTimeout(this.#again);
    try {
      let page;
      do {
        const asked = token.get();
        page = await this.api.read(String(this.#seen));
        if (token.get() !== asked || this.#isPaused) return;
        this.#token = asked;
        this.#take(page.messages);
      } while (page.more);
      if (unsent.get().queue.length) return;
      this.#failures = 0;
      this.#report("ok");
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.#clear("ended");
      else this.#wait(false);
    }
  }

  /** @param {any[]} messages as the server has them, in order */
  #take(messages) {
    let isAnswered = true;
    for (const { message_id: id, client_message_id: clientId, text, choice, replies: said, helpful } of messages) {
      const replies = said.map((/** @type {Reply} */ reply) => ({ ...reply, helpful: helpful[reply.id] }));
      const known = this.entries.find((one) => one.clientId === clientId);
      isAnswered &&= replies.length > 0;
      if (isAnswered) this.#seen = BigInt(id);
      if (replies.length) this.#acknowledge(clientId);
      const state = replies.length ? "done" : "sending";
      const shown = known?.shown ?? (text || this.#title(choice));
      this.#put({ clientId, id, text: text || undefined, choice: choice ?? undefined, shown, state, replies });
    }
    // Someone handles the last one now: this tab's own request, another tab's, or one that a reload broke off.
    if (!isAnswered) this.#again = setTimeout(() => this.read(), ANSWER_PAUSE);
  }

  /** @param {string} choice */
  #title(choice) {
    const offered = this.entries.flatMap((entry) => entry.replies.flatMap((reply) => reply.choices));
    return offered.find((one) => one.id === choice)?.title ?? choice;
  }

  /** In the server's order, and what it does not know yet at the end. @param {Entry} entry */
  #put(entry) {
    const index = this.entries.findIndex((one) => one.clientId === entry.clientId);
    if (index >= 0) {
      if (JSON.stringify(this.entries[index]) === JSON.stringify(entry)) return;
      this.entries.splice(index, 1);
    }
    const id = entry.id && BigInt(entry.id);
    const place = id ? this.entries.findIndex((one) => !one.id || BigInt(one.id) > id) : index;
    this.entries.splice(place < 0 ? this.entries.length : place, 0, entry);
    this.listener.changed(entry, this.entries[this.entries.indexOf(entry) + 1]);
  }

  /** @param {string} clientId */
  #acknowledge(clientId) {
    const { queue } = unsent.get();
    if (queue.some((kept) => kept.clientId === clientId)) unsent.set({ queue: queue.filter((kept) => kept.clientId !== clientId) });
  }

  /** @param {Reach} reach */
  #report(reach) {
    if (reach === this.reach) return;
    this.reach = reach;
    this.listener.reached(reach);
  }

  #wake() {
    void (this.reach === "ok" ? this.read() : this.retry());
  }

  /** @param {{type: string, id?: string}} news from another tab */
  #heard(news) {
    if (news.type === "erased") return this.#clear("erased");
    const before = BigInt(news.id ?? 0) - 1n;
    if (before < this.#seen) this.#seen = before;
    this.#readNews();
  }

  /** Another tab has begun or ended the conversation. */
  #adopt() {
    const current = token.get();
    if (current === this.#token) return;
    if (this.#token) this.#clear("ended");
    this.#token = current;
    this.#readNews();
  }

  /** @param {"ended" | "erased"} reason */
  #clear(reason) {
    this.#stop.abort();
    this.#stop = new AbortController();
    clearTimeout(this.#again);
    this.#seen = 0n;
    this.#token = token.get();
    this.#isPaused = false;
    const hadAny = this.entries.length > 0;
    // What was erased is gone; what a new conversation still has to be told is not.
    if (reason === "erased") unsent.set({ queue: [], draft: "" });
    this.entries = [];
    if (hadAny || reason === "erased") this.listener.cleared(reason);
    for (const kept of unsent.get().queue) this.#put({ ...kept, id: null, state: "sending", replies: [] });
  }
}

/** @returns {string} */
function newId() {
  // Only secure contexts have randomUUID.
  return crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
