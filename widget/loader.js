// The stable file of the embed snippet: defines <smp-chat>, draws its launcher, and brings the rest on first use.

/** @import {File, LauncherTexts, Release, Texts} from "./types" */

/** The server writes its files, languages and clinic here. @type {Release} */
const RELEASE = { chat: ["chat.js", ""], languages: {}, clinic: { name: null, phone: null, phone_text: null, form_url: null, emergency_line: null, starters: [] } };

const BUBBLE = "M4 5.500h16v11h-8.500L7 20.500v-4H4zM8.500 11h.01M12 11h.01M15.500 11h.01";
const HASH = "#smp-chat";
const UNSENT = "smp-chat.unsent";
const DARK = `
  --accent: var(--smp-chat-accent-dark, #8ed8df); --on-accent: var(--smp-chat-on-accent-dark, #06282c);
  --surface: #161c20; --ink: #eef1f1; --line: #3a444b; --alarm: #ff9d94; color-scheme: dark;`;
const CSS = `
:host {
  all: initial; position: fixed; inset: auto; inset-block-end: 0; inset-inline-end: 0; z-index: var(--smp-chat-z-index, 2147483000);
  font: medium/1.5 var(--smp-chat-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif); color-scheme: light;
  --accent: var(--smp-chat-accent, #0b5d66); --on-accent: var(--smp-chat-on-accent, #fff);
  --surface: #fff; --ink: #17242a; --line: #d5dddf; --alarm: #a8150c;
  --radius: var(--smp-chat-radius, 1.1em); --offset-block: var(--smp-chat-offset-block, 1.25em); --offset-inline: var(--smp-chat-offset-inline, 1.25em);
}
:host([position="start"]) { inset-inline: 0 auto; }
:host([hidden]) { display: none; }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) {${DARK}} }
:host([theme="dark"]) {${DARK}}
.corner { display: grid; justify-items: end; gap: .75em; padding: 0 var(--offset-inline) var(--offset-block); }
.corner[hidden] { display: none; }
:host([position="start"]) .corner { justify-items: start; }
.launcher {
  display: inline-flex; align-items: center; gap: .6em; min-block-size: 3.4em; padding: .5em 1.25em .5em 1.05em; border: 2px solid transparent; border-radius: 1.7em; cursor: pointer; text-align: start;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; line-height: 1.2; box-shadow: 0 .5em 1.6em #0004;
}
.launcher:hover { filter: brightness(1.08); }
.launcher[aria-busy="true"] .icon { opacity: .5; }
.icon { inline-size: 1.5em; block-size: 1.5em; flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.note { max-inline-size: min(19em, calc(100vw - 2 * var(--offset-inline))); box-sizing: border-box; padding: .8em 1em; border-radius: 1em; background: var(--surface); color: var(--ink); border: 1px solid var(--line); box-shadow: 0 .5em 1.6em #0004; text-align: start; }
.note p { margin: 0; }
.note a, .note button { display: inline-block; padding: .5em .6em .3em 0; color: var(--accent); background: none; border: 0; font: inherit; text-decoration: underline; cursor: pointer; }
.note .urgent { color: var(--alarm); font-weight: 650; }
`;

/** @param {string} name */
const address = (name) => new URL(name, import.meta.url).href;

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name @param {object} properties @param {...Node} children
 */
function make(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** @param {Element} element @param {Record<string, string>} attributes */
function set(element, attributes) {
  for (const name in attributes) element.setAttribute(name, attributes[name]);
}

/**
 * Bring a module with its integrity checked. Whatever imports it afterwards gets this very copy.
 * @param {File} file @param {string} folder
 */
function bring([name, integrity], folder) {
  // A page may allow scripts by nonce.
  const own = /** @type {HTMLScriptElement | null} */ (document.querySelector(`script[src="${import.meta.url}"]`));
  const nonce = own?.nonce ?? "";
  return new Promise((resolve, reject) => {
    const script = make("script", { type: "module", crossOrigin: "anonymous", nonce, integrity, src: address(folder + name), onload: resolve, onerror: reject });
    document.head.append(script);
    script.remove();
  });
}

export class SmpChat extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  /** @type {Promise<import("./chat.js").Chat> | null} */
  #chat = null;
  #tries = 0;
  #corner = make("div", { className: "corner" });
  #launcher = make("button", { type: "button", className: "launcher" });

  connectedCallback() {
    if (this.#corner.isConnected) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    this.#root.adoptedStyleSheets = [sheet];
    this.#launcher.append(drawing(BUBBLE), make("span", { textContent: this.#texts.launcher }));
    set(this.#launcher, { part: "launcher", "aria-haspopup": "dialog", "aria-expanded": "false" });
    this.#corner.append(this.#launcher);
    this.#corner.hidden = this.isInline;
    this.#launcher.onclick = () => void this.open();
    // On its way to a click; the files are there a moment earlier.
    this.#launcher.onpointerenter = () => void this.#load().catch(() => {});
    this.#root.append(this.#corner);
    document.addEventListener("click", (event) => this.#linkClicked(event));
    addEventListener("hashchange", () => location.hash === HASH && void this.open());
    if (this.isInline || location.hash === HASH) void this.open();
    else if (hasUnsent()) void this.#load().catch(() => {});
    else this.#planHint();
  }

  get isInline() {
    return this.hasAttribute("inline");
  }

  /** Open the chat; closing it gives the focus back to what opened it. */
  async open() {
    const focused = document.activeElement;
    const opener = focused instanceof HTMLElement && focused !== this && focused !== document.body ? focused : null;
    this.#launcher.ariaBusy = "true";
    try {
      const chat = await this.#load();
      this.#note?.remove();
      chat.open(opener);
    } catch {
      this.#showDown();
    }
    this.#launcher.ariaBusy = "false";
  }

  /** Close it; what was said stays. */
  async close() {
    (await this.#chat)?.close();
  }

  /** @param {Event} event */
  #linkClicked(event) {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!link || link.getAttribute("href") !== HASH || event.defaultPrevented) return;
    event.preventDefault();
    link.focus();
    void this.open();
  }

  get #language() {
    const wanted = this.getAttribute("language") || this.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang;
    const code = wanted.toLowerCase().split("-")[0];
    return code in RELEASE.languages ? code : "en";
  }

  /** @returns {LauncherTexts} */
  get #texts() {
    return RELEASE.languages[this.#language].texts;
  }

  #load() {
    this.#chat ??= this.#bring().catch((error) => {
      this.#chat = null;
      throw error;
    });
    return this.#chat;
  }

  async #bring() {
    const { chat, languages } = RELEASE;
    // A browser may remember that a module failed; under another address it asks again.
    const folder = this.#tries++ ? `again/${this.#tries}/` : "";
    const files = [chat, languages[this.#language].file];
    await Promise.all(files.map((file) => bring(file, folder)));
    /** @type {[typeof import("./chat.js"), {default: Texts}]} */
    const [{ Chat }, { default: texts }] = /** @type {any} */ (await Promise.all(files.map(([name]) => import(address(folder + name)))));
    const { clinic } = RELEASE;
    return new Chat(this, this.#root, this.#launcher, { texts, language: this.#language, clinic, api: address("../api/chat/") });
  }

  get #note() {
    return this.#root.querySelector(".note");
  }

  /** The rest could not be loaded: the clinic itself, at once. */
  #showDown() {
    const { phone, phone_text, form_url, emergency_line: line } = RELEASE.clinic;
    const texts = this.#texts;
    const note = make("div", { className: "note", role: "alert" }, make("p", { textContent: texts.down }));
    if (line) note.append(make("a", { href: `tel:${line}`, textContent: texts.emergency.replace("{line}", line), className: "urgent" }), make("br", {}));
    if (phone) note.append(make("a", { href: `tel:${phone}`, textContent: phone_text }));
    if (form_url) note.append(make("a", { href: form_url, textContent: texts.form }));
    note.append(make("button", { type: "button", textContent: texts.retry, onclick: () => void this.open() }));
    this.#note?.remove();
    this.#corner.hidden = false;
    this.#corner.prepend(note);
  }

  /** Once, where the visit begins: nothing has to be stored to know that. */
  #planHint() {
    const hint = this.getAttribute("hint");
    if (!hint || !isStartOfVisit()) return;
    setTimeout(() => {
      if (this.#chat || this.#note) return;
      const note = make("div", { className: "note", role: "status" });
      set(note, { part: "hint" });
      this.#corner.prepend(note);
      const dismiss = () => {
        note.remove();
        this.#launcher.focus();
      };
      note.append(make("p", { textContent: hint }), make("button", { type: "button", textContent: this.#texts.dismiss, onclick: dismiss }));
    }, Number(this.getAttribute("hint-after") ?? 8) * 1000);
  }
}

/** @param {string} path */
function drawing(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  set(svg, { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" });
  const line = document.createElementNS(space, "path");
  set(line, { d: path });
  svg.append(line);
  return svg;
}

function hasUnsent() {
  try {
    return sessionStorage.getItem(UNSENT) !== null;
  } catch {
    return false;
  }
}

function isStartOfVisit() {
  const [entry] = performance.getEntriesByType("navigation");
  const cameFromHere = document.referrer.startsWith(`${location.origin}/`);
  return /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.type === "navigate" && !cameFromHere;
}

if (!customElements.get("smp-chat")) {
  customElements.define("smp-chat", SmpChat);
  // The script alone is enough; an element of the page's own has the options.
  const add = () => document.querySelector("smp-chat") ?? document.body.append(document.createElement("smp-chat"));
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", add);
  else add();
}
