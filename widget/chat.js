// The panel: what the visitor sees of the conversation, and every way to act on it.

import { Api } from "./api.js";
import { Conversation } from "./conversation.js";
import { el, fill, icon } from "./dom.js";
import { CONTENT_LANGUAGE, contactLinks, replyCard } from "./reply.js";
import { unsent } from "./storage.js";
import { css } from "./styles.js";
import { link } from "./text.js";
import { save, transcript } from "./transcript.js";

/** @import {Clinic, Content, Entry, Reach, Reply, Texts} from "./types" */

/**
 * @typedef {object} Options
 * @property {Texts} texts
 * @property {string} language
 * @property {Clinic} clinic
 * @property {string} api the address of the API
 */

const MAX_TEXT = 10_000;
const SLOW = 8000;
/** Where the panel covers the page, nothing behind it can be reached; the same as in styles.js. */
const COVERS = matchMedia("(max-width: 30em), (max-height: 28em)");
const CLOSE = "M6 6l12 12M18 6 6 18";
const MORE = "M5 12h.01M12 12h.01M19 12h.01";
const SEND = "M4 12h15m-6.5-7L20 12l-7.5 7";
const SHIELD = "M12 3 5 6v5.5c0 4.4 2.9 7.6 7 9.5 4.1-1.9 7-5.1 7-9.5V6l-7-3Zm-3 8.8 2.2 2.2L15.200 9.800";
const HANDLED = new Set(["answer", "handoff"]);

export class Chat {
  #isRestoring = true;
  /** @type {Map<string, HTMLElement>} by client id */
  #drawn = new Map();
  /** Replies that were on the screen already, so that nothing is told twice. @type {Set<string>} */
  #known = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;

  /** @type {HTMLElement | null} */
  #opener = null;

  /**
   * @param {HTMLElement} host the `<smp-chat>` element, whose attributes say how the page wants it
   * @param {ShadowRoot} root
   * @param {HTMLElement} launcher gives way to the panel while that is open
   * @param {Options} options
   */
  constructor(host, root, launcher, options) {
    this.host = host;
    this.root = root;
    this.launcher = launcher;
    this.options = options;
    /** Always open, in the flow of the page. */
    this.isInline = host.hasAttribute("inline");
    const { texts } = options;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets.push(sheet);

    this.menu = el("div", { class: "menu", id: "menu", hidden: true },
      el("button", { type: "button", class: "quiet", text: texts.download, onclick: () => this.#download() }),
      el("button", { type: "button", class: "quiet danger", text: texts.delete, onclick: () => this.#askToDelete() }));
    this.more = el("button", { type: "button", class: "round more", "aria-label": texts.menu, "aria-expanded": "false", "aria-controls": "menu", onclick: () => this.#toggleMenu() }, icon(MORE));
    this.banner = el("div", { class: "banner", role: "status" });
    this.log = el("div", { class: "log", part: "log", role: "log", "aria-live": "off", "aria-label": texts.conversation, tabindex: "0" });
    this.typing = el("p", { class: "typing", text: texts.typing, hidden: true });
    this.field = el("textarea", {
      id: "question", rows: "1", placeholder: texts.question, enterkeyhint: "send", "aria-describedby": "problem", dir: "auto", autocomplete: "off",
      oninput: () => this.#typed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    });
    this.problem = el("p", { class: "problem", id: "problem", role: "alert" });
    this.form = el("form", { class: "composer", part: "composer", novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
      el("label", { for: "question", class: "unseen", text: texts.question }),
      this.field,
      el("button", { class: "send", part: "send", "aria-label": texts.send }, icon(SEND)));
    this.panel = el("dialog", { class: "panel", part: "panel", "aria-labelledby": "title", onkeydown: (/** @type {KeyboardEvent} */ event) => this.#escape(event), oncancel: (/** @type {Event} */ event) => this.#cancel(event) },
      this.#header(), this.menu, this.banner, this.log, this.problem, this.form, this.#footer());
    root.append(this.panel);

    COVERS.addEventListener("change", () => this.isOpen && this.#show());
    window.visualViewport?.addEventListener("resize", () => this.#fit());
    this.#intro();
    this.field.value = unsent.get().draft;
    this.conversation = new Conversation(new Api(options.api, options.language), {
      changed: (entry, before) => this.#changed(entry, before),
      reached: (reach) => this.#reached(reach),
      cleared: (reason) => this.#cleared(reason === "erased" ? texts.deleted : texts.ended),
    });
    /** Resolves when what was said before is on the screen. */
    this.ready = this.conversation.start().finally(() => {
      this.#isRestoring = false;
      this.log.setAttribute("aria-live", "polite");
      this.#scrollToLast();
      void this.conversation.retry();
    });
  }

  get isOpen() {
    return this.panel.open;
  }

  /** @param {HTMLElement | null} [opener] what gets the focus back; the launcher where there is none */
  open(opener = null) {
    if (this.isOpen) return;
    this.#opener = opener;
    this.#show();
    this.#showLauncher(false);
    this.#fit();
    this.#grow();
    this.#scrollToLast();
    if (!this.isInline) this.#focus();
    this.#tell("open");
  }

  close() {
    if (this.isInline || !this.isOpen) return;
    this.#toggleMenu(false);
    this.panel.close();
    this.#showLauncher(true);
    (this.#opener?.isConnected ? this.#opener : this.launcher).focus();
    if (location.hash === "#smp-chat") history.replaceState(history.state, "", location.pathname + location.search);
    this.#tell("close");
  }

  /** The field; on a touch screen its keyboard would cover what is to be read. */
  #focus() {
    (matchMedia("(pointer: coarse)").matches ? this.log : this.field).focus();
  }

  /** For the page's analytics: what happened, and nothing that was said. @param {string} name @param {object} [detail] */
  #tell(name, detail) {
    this.host.dispatchEvent(new CustomEvent(`smp-chat-${name}`, { bubbles: true, composed: true, detail }));
  }

  /** @param {boolean} isShown */
  #showLauncher(isShown) {
    if (this.launcher.parentElement) this.launcher.parentElement.hidden = !isShown;
    this.launcher.setAttribute("aria-expanded", String(!isShown));
    this.launcher.classList.remove("news");
  }

  /** Over the page, or beside it; again when the room changes. */
  #show() {
    const focused = this.panel.open ? this.root.activeElement : null;
    if (this.panel.open) this.panel.close();
    if (this.isInline) this.panel.setAttribute("open", "");
    else if (COVERS.matches) this.panel.showModal();
    else this.panel.show();
    if (focused instanceof HTMLElement) focused.focus();
  }

  #header() {
    const { texts, clinic } = this.options;
    const subtitle = [clinic.name, texts.subtitle].filter(Boolean).join(" · ");
    return el("div", { class: "header", part: "header" },
      el("span", { class: "mark" }, icon(SHIELD)),
      el("div", { class: "heading" }, el("h2", { id: "title", text: texts.title }), el("p", { text: subtitle })),
      this.more,
      !this.isInline && el("button", { type: "button", class: "round", "aria-label": texts.close, onclick: () => this.close() }, icon(CLOSE)));
  }

  #footer() {
    const { texts, clinic } = this.options;
    const links = contactLinks(clinic, texts);
    for (const one of links) one.className = "";
    return el("div", { class: "footer" }, ...links);
  }

  /** What a visitor is told before the first message: a bot, what it can do, emergencies, privacy. */
  #intro() {
    const { texts, clinic } = this.options;
    const line = clinic.emergency_line;
    const emergency = line ? link(`tel:${line}`, fill(texts.emergency, { line })) : texts.emergency_somewhere;
    const starters = clinic.starters.map((text) =>
      el("li", {}, el("button", { type: "button", class: "button starter", lang: CONTENT_LANGUAGE, text, onclick: () => this.#send({ text, shown: text }) })));
    this.starters = el("ul", { class: "starters", "aria-label": texts.starters }, ...starters);
    this.log.append(
      el("div", { class: "card reply intro", part: "reply" },
        el("p", { text: this.host.getAttribute("greeting") || texts.greeting }),
        el("p", { text: texts.disclosure }),
        el("p", { class: "urgent" }, emergency),
        el("p", { class: "small", text: texts.privacy })),
      this.starters, this.typing);
  }

  /** @param {Entry} entry @param {Entry | undefined} before */
  #changed(entry, before) {
    const { texts, clinic } = this.options;
    this.starters?.remove();
    const isOwn = !this.#drawn.has(entry.clientId);
    const focused = this.#drawn.get(entry.clientId)?.contains(this.root.activeElement);
    const turn = el("div", { class: "turn" }, this.#visitorCard(entry));
    let isUrgent = false;
    for (const reply of entry.replies.slice(0, 20)) {
      const isNew = !this.#isRestoring && !this.#known.has(reply.id);
      if (isNew) this.#tell("reply", { handled: HANDLED.has(reply.kind) ? reply.kind : "other" });
      this.#known.add(reply.id);
      isUrgent ||= isNew && reply.kind === "emergency";
      turn.append(replyCard(reply, entry, { texts, clinic, isNew, actions: this.#actions() }));
    }
    this.#drawn.get(entry.clientId)?.remove();
    this.#drawn.set(entry.clientId, turn);
    this.log.insertBefore(turn, (before && this.#drawn.get(before.clientId)) ?? this.typing);
    this.#showTyping();
    if (this.#isRestoring) return;
    if (focused) this.#focus();
    const first = turn.querySelector(".reply");
    this.#scrollTo(isOwn || !first ? turn : first);
    if (entry.state === "done" && !this.isOpen) {
      if (isUrgent) this.open();
      else this.launcher.classList.add("news");
    }
  }

  #actions() {
    return {
      send: (/** @type {Content} */ content) => this.#send(content),
      again: (/** @type {Entry} */ entry) => void this.conversation.again(entry),
      rate: async (/** @type {Reply} */ reply, /** @type {boolean} */ helpful) => {
        await this.conversation.api.rate(reply.id, helpful);
        this.#tell("feedback", { helpful });
      },
    };
  }

  /** @param {Entry} entry */
  #visitorCard(entry) {
    const { texts } = this.options;
    const card = el("div", { class: `card visitor ${entry.state}`, part: "visitor" },
      el("span", { class: "unseen", text: `${texts.you}: ` }), el("p", { dir: "auto", text: entry.shown }));
    if (entry.state !== "unsent" && entry.state !== "refused") return card;
    const note = el("p", { class: "small why" }, texts[entry.state]);
    if (entry.state === "unsent") note.append(" ", el("button", { type: "button", class: "quiet", text: texts.send_now, onclick: () => void this.conversation.retry() }));
    else note.append(" ", ...contactLinks(this.options.clinic, texts));
    return el("div", { class: "failed" }, card, note);
  }

  #showTyping() {
    const { texts } = this.options;
    const waits = this.conversation.entries.some((entry) => entry.state === "sending");
    this.typing.hidden = !waits;
    clearTimeout(this.#slow);
    this.typing.textContent = texts.typing;
    if (waits) this.#slow = setTimeout(() => (this.typing.textContent = texts.slow), SLOW);
  }

  /** @param {Reach} reach */
  #reached(reach) {
    const { texts, clinic } = this.options;
    const words = { ok: "", offline: texts.offline, down: texts.down_now, busy: texts.busy }[reach];
    this.banner.className = `banner ${reach}`;
    this.banner.replaceChildren();
    if (!words) return;
    const line = clinic.emergency_line;
    this.banner.append(el("p", { text: words }));
    if (reach === "busy") return;
    this.banner.append(el("div", { class: "row" },
      line && link(`tel:${line}`, fill(texts.emergency, { line }), { class: "urgent" }), ...contactLinks(clinic, texts),
      reach === "down" && el("button", { type: "button", class: "button", text: texts.retry, onclick: () => void this.conversation.retry() })));
  }

  /** @param {...(string | Node)} words */
  #cleared(...words) {
    this.#drawn.clear();
    this.log.replaceChildren();
    this.#intro();
    this.log.insertBefore(el("div", { class: "card reply ended" }, el("p", {}, ...words)), this.log.firstChild);
    this.log.scrollTop = 0;
  }

  /** @param {Content} content */
  #send(content) {
    this.#tell("sent");
    // The button that was pressed may be gone now.
    if (this.root.activeElement !== this.field) this.#focus();
    void this.conversation.send(content);
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    this.problem.textContent = text.length > MAX_TEXT ? this.options.texts.too_long : "";
    if (!text || text.length > MAX_TEXT) return this.field.focus();
    this.field.value = "";
    unsent.set({ draft: "" });
    this.#grow();
    this.#send({ text, shown: text });
  }

  #typed() {
    this.problem.textContent = "";
    unsent.set({ draft: this.field.value });
    this.#grow();
  }

  /** The field is as high as its text, up to the limit of the style. */
  #grow() {
    this.field.style.setProperty("height", "auto");
    this.field.style.setProperty("height", `${this.field.scrollHeight + 2}px`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (this.menu.hidden) this.close();
    else this.#toggleMenu(false);
  }

  /** The back gesture of a phone. @param {Event} event */
  #cancel(event) {
    event.preventDefault();
    this.close();
  }

  #toggleMenu(isOpen = this.menu.hidden) {
    const hadFocus = this.menu.contains(this.root.activeElement);
    this.menu.hidden = !isOpen;
    this.more.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.menu.querySelector("button")?.focus();
    else if (hadFocus) this.more.focus();
  }

  #download() {
    const { texts, clinic } = this.options;
    save(transcript(this.conversation.entries, texts, clinic), texts.transcript_name);
    this.#toggleMenu(false);
  }

  #askToDelete() {
    const { texts } = this.options;
    this.#toggleMenu(false);
    const done = () => {
      ask.remove();
      this.more.focus();
    };
    const problem = el("p", { role: "alert" });
    const ask = el("div", { class: "ask", role: "group", "aria-label": texts.delete }, el("p", { text: texts.delete_ask }), problem,
      el("div", { class: "row" },
        el("button", { type: "button", class: "button danger", text: texts.delete_yes, onclick: () => void this.#delete(problem, done) }),
        el("button", { type: "button", class: "button", text: texts.delete_no, onclick: done })));
    this.panel.querySelector(".ask")?.remove();
    this.log.before(ask);
    ask.querySelector("button")?.focus();
  }

  /** @param {HTMLElement} problem @param {() => void} done */
  async #delete(problem, done) {
    const { texts, language } = this.options;
    problem.textContent = "";
    try {
      const receipt = await this.conversation.erase();
      this.field.value = "";
      done();
      if (receipt) {
        const when = new Date(receipt.erased_at).toLocaleString(language);
        this.#cleared(texts.deleted, " ", el("span", { class: "receipt", text: `${fill(texts.receipt, { id: receipt.id, when })}. ${receipt.text}` }));
      }
      this.#tell("deleted");
    } catch {
      problem.textContent = texts.delete_failed;
    }
  }

  /** A reply is read from its first line on. @param {Element | null} node */
  #scrollTo(node) {
    // A turn has no box of its own.
    const box = node?.matches(".turn") ? node.firstElementChild : node;
    if (box instanceof HTMLElement) this.log.scrollTop = box.offsetTop - 12;
  }

  /** To the last thing said; before anything was, to the greeting. */
  #scrollToLast() {
    if (this.#drawn.size) this.log.scrollTop = this.log.scrollHeight;
  }

  /** A phone's keyboard makes the page's visible part smaller, and the panel with it. */
  #fit() {
    const height = window.visualViewport?.height;
    if (height) this.panel.style.setProperty("--visible", `${Math.round(height)}px`);
  }
}
