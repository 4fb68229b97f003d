// The website API, with the session's token. No cookies: a request carries the token and nothing else of the visitor.

import { token } from "./storage.js";

const TIMEOUT = 20_000;
const UNTIL_SEEN = 300;
/** Longer than the server waits for an answer before it says that something is down. */
const ANSWER_TIMEOUT = 50_000;

/** An answer that is not a success; `status` is 0 when there was none at all. */
export class ApiError extends Error {
  /** @param {number} status @param {string} [code] */
  constructor(status, code = "unreachable") {
    super(code);
    this.status = status;
    this.code = code;
  }

  /** Whether sending the same again can never succeed. */
  get isFinal() {
    return [400, 404, 405, 413, 422].includes(this.status);
  }
}

export class Api {
  /** @param {string} base the API's address, with a slash at the end @param {string} language */
  constructor(base, language) {
    this.base = base;
    this.language = language;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{body?: object, signal?: AbortSignal, timeout?: number}} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, { body, signal, timeout = TIMEOUT } = {}) {
    const used = token.get();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout);
    const abort = () => stop.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      const response = await fetch(this.base + path, {
        method,
        headers: { ...(body && { "Content-Type": "application/json" }), ...(used && { Authorization: `Bearer ${used}` }) },
        body: body && JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        signal: stop.signal,
      });
      const answer = await response.json();
      if (response.ok) return answer;
      if (response.status === 401 && token.get() === used) token.set(null);
      throw new ApiError(response.status, answer?.error?.code);
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(0);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** A session, unless there is one; of several tabs that start at once, one does it for all. */
  async start() {
    const begin = async () => {
      if (token.get()) return;
      const { token: given } = await this.call("POST", "sessions", { body: { language: this.language, page: location.pathname } });
      token.set(given);
    };
    if (token.get()) return;
    let locks;
    try {
      locks = navigator.locks;
      await locks.query();
    } catch {
      // Not a secure context, or a sandboxed frame.
      return begin();
    }
    await new Promise((resolve, reject) => {
      const beginAlone = async () => {
        await begin();
        resolve(undefined);
        // Other tabs read what is stored here a moment later: until then none of them may look.
        await new Promise((passed) => setTimeout(passed, UNTIL_SEEN));
      };
      locks.request("smp-chat.session", beginAlone).catch(reject);
    });
  }

  /**
   * @param {{client_message_id: string, text?: string, choice?: string}} body
   * @param {AbortSignal} signal
   * @returns {Promise<{message_id: string, replies: import("./types").Reply[]}>}
   */
  async send(body, signal) {
    await this.start();
    return this.call("POST", "messages", { body, signal, timeout: ANSWER_TIMEOUT });
  }

  /**
   * @param {string} after
   * @returns {Promise<{messages: any[], more: boolean}>}
   */
  read(after) {
    return this.call("GET", `messages?after=${after}`);
  }

  /** @param {string} reply @param {boolean} helpful */
  rate(reply, helpful) {
    return this.call("POST", "feedback", { body: { reply_id: reply, helpful } });
  }

  /** @returns {Promise<{receipt: {id: string, erased_at: string, text: string}}>} */
  erase() {
    return this.call("DELETE", "session", { timeout: ANSWER_TIMEOUT });
  }
}
