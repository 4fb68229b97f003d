// Comfort for the console: keys, live lists, choosing all, printing, finding an intent. Every page works without it.

const KEYS_OFF = "console-keys-off";
const POLL_MS = 5000;
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- The line or message that keys act on.

let current = -1;
const rows = () => $$("[data-rows] > li");
const row = () => rows()[current];

function go(to) {
  const all = rows();
  if (!all.length) return;
  row()?.classList.remove("is-current");
  current = Math.max(0, Math.min(all.length - 1, to));
  const li = row();
  li.classList.add("is-current");
  li.scrollIntoView({ block: "nearest" });
  ($(".title", li) ?? $("summary", li))?.focus({ preventScroll: true });
}

/** The message that is looked at: the current one, else the last with a mark to make. */
function turn() {
  return row() ?? rows().filter((li) => $("[data-mark]", li)).at(-1);
}

/** The clearest thing to press: inside of the line first, then on the page. */
function press(selector, root) {
  const found = (root && $(selector, root)) ?? $(selector);
  if (!found || found.disabled) return;
  if (found.matches("input[type=search], textarea, select")) found.focus();
  else found.click();
}

/** On a list, what is pressed is done to the chosen lines, or to the current one. */
function actOnList(value) {
  const form = $("#acting");
  const button = form && $(`button[name=do][value="${value}"]`, form);
  if (!button) return false;
  if (!$("[data-rows] input:checked", form)) {
    const box = row() && $("input[type=checkbox]", row());
    if (!box) return true;
    box.checked = true;
  }
  button.click();
  return true;
}

const ACTIONS = {
  j: () => go(current + 1),
  k: () => go(current - 1),
  o: () => row() && press(".title", row()),
  x: () => {
    const box = row() && $("input[type=checkbox]", row());
    if (box) box.checked = !box.checked;
  },
  e: () => actOnList("state:reviewed") || press('[data-key="e"]'),
  i: () => actOnList("state:in_review") || press('[data-key="i"]'),
  a: () => actOnList("assign:me") || press('[data-key="a"]'),
  m: () => press('[data-mark="m"]', turn()),
  "?": () => $("#keys")?.showModal(),
};
for (const number of "0123") ACTIONS[number] = () => turn() && press(`[data-mark="${number}"]`, turn());
for (const key of "nugp/") ACTIONS[key] = () => press(`[data-key="${key}"]`);

const isWriting = (node) => node.closest("input:not([type=checkbox]), textarea, select, dialog[open]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (localStorage.getItem(KEYS_OFF) && event.key !== "?") return;
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

const keysOn = $("#keys-on");
if (keysOn) {
  keysOn.checked = !localStorage.getItem(KEYS_OFF);
  keysOn.addEventListener("change", () => {
    if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  });
}

// ---- Small things.

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.all;
  if (name) for (const box of $$(`input[name="${name}"]`)) box.checked = event.target.checked;
});

for (const button of $$("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// ---- Any other intent for a message: one dialog for all of them, with a field to find it by.

const picker = $("#picker");
if (picker) {
  const field = $("input[type=search]", picker);
  const visible = () => $$("button[name=intent]", picker).filter((button) => !button.hidden);
  for (const link of $$("a[data-mark=m]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      $("[name=message]", picker).value = link.dataset.message;
      $("[name=next]", picker).value = `${location.pathname}${location.search}#message-${link.dataset.message}`;
      field.value = "";
      narrow();
      picker.showModal();
      field.focus();
    });
  }
  const narrow = () => {
    const words = field.value.trim().toLowerCase();
    for (const button of $$("button[name=intent]", picker)) {
      button.hidden = !`${button.textContent} ${button.value}`.toLowerCase().includes(words);
    }
    for (const group of $$("section", picker)) group.hidden = !$$("button", group).some((button) => !button.hidden);
  };
  field.addEventListener("input", narrow);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    visible()[0]?.click();
  });
  $("[data-close]", picker).addEventListener("click", () => picker.close());
}

// ---- What changed meanwhile.

const live = $("[data-live]");
let since = live?.dataset.now;

/** Nobody is in the middle of something that a new list would take away. */
const isIdle = () => !$("[data-rows] input:checked") && !$("details.inline[open]") && !document.querySelector("dialog[open]");

async function refreshList() {
  const answer = await fetch(location.href, { headers: { "X-Background": "1" } });
  if (!answer.ok || answer.redirected) return false;
  const fresh = $("#list", new DOMParser().parseFromString(await answer.text(), "text/html"));
  if (!fresh || !isIdle()) return false;
  const open = row() && $(".title", row())?.getAttribute("href");
  const hadFocus = row()?.contains(document.activeElement);
  live.replaceChildren(...fresh.childNodes);
  current = rows().findIndex((li) => $(".title", li)?.getAttribute("href") === open);
  row()?.classList.add("is-current");
  if (hadFocus) $(".title", row() ?? document.body)?.focus({ preventScroll: true });
  return true;
}

async function look() {
  if (document.hidden) return;
  const query = new URLSearchParams({ since, ...(live.dataset.conversation && { conversation: live.dataset.conversation }) });
  const answer = await fetch(`${live.dataset.live}?${query}`);
  if (answer.status === 401) {
    location.reload();
    return;
  }
  if (!answer.ok) return;
  const { changed, now } = await answer.json();
  if (!changed) {
    since = now;
  } else if (live.dataset.conversation) {
    $("[data-changed]").hidden = false;
  } else if ("refresh" in live.dataset && (await refreshList())) {
    since = now;
  }
}

if (since) setInterval(() => look().catch(() => {}), POLL_MS);

const target = location.hash.startsWith("#message-") && document.getElementById(location.hash.slice(1));
if (target) {
  current = rows().indexOf(target);
  target.classList.add("is-current");
}
