// The demo page's own switches: they set on the chat what a site would set in its page.

const form = /** @type {HTMLFormElement} */ (document.querySelector(".switches"));
const said = /** @type {HTMLElement} */ (document.querySelector("#copied"));
form.hidden = false;

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const snippet = /** @type {HTMLElement} */ (document.getElementById(button.dataset.copy));
    try {
      await navigator.clipboard.writeText(snippet.textContent);
      said.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(snippet);
      said.textContent = "Selected: press Ctrl+C to copy.";
    }
  });
}

form.addEventListener("change", ({ target }) => {
  const old = document.querySelector("smp-chat");
  if (target.name === "language") {
    // An element reads its language once, when it is put into the page.
    const chat = old.cloneNode(true);
    chat.setAttribute("language", target.value);
    old.replaceWith(chat);
    return;
  }
  if (target.name === "theme") {
    document.documentElement.dataset.theme = target.value;
    old.setAttribute("theme", target.value);
  } else {
    document.documentElement.dataset.accent = target.value;
  }
});
