// The panel's style. Sizes are in em: the visitor's own font size counts, not that of the page.

const DARK = `
  --soft: #232b31; --hover: #2c363d; --muted: #aeb8bd; --on-alarm: #2b0603; --alarm-soft: #3d1714; --warn: #3b3113; --warn-ink: #f7e7b4;`;

export const css = /* css */ `
:host { --soft: #f0f4f4; --hover: #e3eeee; --muted: #55646b; --on-alarm: #fff; --alarm-soft: #fff0ee; --warn: #fff6dc; --warn-ink: #4b3a06; }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) {${DARK}} }
:host([theme="dark"]) {${DARK}}
:host([inline]) { position: static; display: block; block-size: 40em; }
.launcher.news::after { content: ""; inline-size: .7em; block-size: .7em; border-radius: 50%; background: #ffd24a; border: 2px solid var(--on-accent); }
.panel {
  box-sizing: border-box; position: fixed; inset: auto; inset-block-end: var(--offset-block); inset-inline-end: var(--offset-inline);
  inline-size: min(26em, calc(100vw - 2 * var(--offset-inline))); block-size: min(42em, calc(100dvh - 2 * var(--offset-block)));
  margin: 0; padding: 0; border: 1px solid var(--line); border-radius: var(--radius); overflow: hidden;
  background: var(--surface); color: var(--ink); box-shadow: 0 1.2em 3.5em #00141a40, 0 .2em .7em #00141a26; text-align: start;
}
.panel[open] { display: flex; flex-direction: column; animation: rise .22s cubic-bezier(.2, .8, .3, 1); }
:host([position="start"]) .panel { inset-inline: var(--offset-inline) auto; }
:host([inline]) .panel { position: static; inline-size: 100%; block-size: 100%; box-shadow: none; animation: none; }
.panel::backdrop { background: #0008; }
@keyframes rise { from { opacity: 0; transform: translateY(1em); } }
.panel *, .panel ::before { box-sizing: border-box; }
p, h2, ul, ol { margin: 0; }
[hidden] { display: none !important; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.header { display: flex; align-items: center; gap: .7em; padding: .8em .6em .8em 1em; background: var(--accent); color: var(--on-accent); flex: none; }
.mark { display: grid; place-items: center; inline-size: 2.5em; block-size: 2.5em; border-radius: 50%; background: color-mix(in srgb, currentColor 15%, transparent); flex: none; }
.heading { flex: 1; min-inline-size: 0; }
h2 { font-size: 1.06em; line-height: 1.25; font-weight: 650; }
.heading p { font-size: .82em; line-height: 1.35; }
.round, .send { display: grid; place-items: center; inline-size: 2.75em; block-size: 2.75em; border: 0; border-radius: 50%; background: none; color: inherit; font: inherit; cursor: pointer; flex: none; }
.round:hover, .round[aria-expanded="true"] { background: color-mix(in srgb, currentColor 18%, transparent); }
.round:focus-visible { outline-color: var(--on-accent); outline-offset: -3px; }
.round + .round { margin-inline-start: -.5em; }
.more .icon { stroke-width: 3.5; }

.menu { display: grid; border-block-end: 1px solid var(--line); padding: .4em; flex: none; }
.menu button { text-align: start; text-decoration: none; padding: .6em .7em; min-block-size: 2.75em; border-radius: .6em; }
.menu button:hover { background: var(--soft); }
.banner, .ask { padding: .8em 1em; background: var(--warn); color: var(--warn-ink); border-block-end: 1px solid var(--line); font-size: .94em; flex: none; }
/* Empty, it stays where screen readers look for news. */
.banner:empty { padding: 0; border: 0; }
.banner .button, .ask .button { --accent: var(--warn-ink); }

.log { position: relative; flex: 1 1 8em; min-block-size: 6em; overflow-y: auto; overscroll-behavior: contain; padding: 1em; display: flex; flex-direction: column; gap: .75em; scrollbar-width: thin; }
.log:focus-visible { outline-offset: -3px; }
.turn { display: contents; }
.card { max-inline-size: 92%; padding: .7em .95em; border-radius: 1.1em; overflow-wrap: anywhere; overflow: clip; overflow-clip-margin: 4px; animation: appear .18s ease-out; flex: none; }
@keyframes appear { from { opacity: 0; transform: translateY(.4em); } }
.card p + p, .card p + ul, .card p + ol, .card ul + p, .card ol + p { margin-block-start: .55em; }
.card ul, .card ol { padding-inline-start: 1.3em; }
.reply { align-self: flex-start; background: var(--soft); border-end-start-radius: .3em; }
.visitor { align-self: flex-end; background: var(--accent); color: var(--on-accent); border-end-end-radius: .3em; }
.visitor p { white-space: pre-wrap; }
.failed { align-self: flex-end; display: grid; justify-items: end; gap: .25em; max-inline-size: 92%; }
.failed .card { max-inline-size: 100%; background: none; border: 2px dashed var(--accent); color: var(--ink); }
.failed .why { text-align: end; }
.small { font-size: .86em; color: var(--muted); }
.urgent, .urgent a { color: var(--alarm); font-weight: 650; }
.panel a { color: var(--accent); text-underline-offset: .15em; }
.panel .urgent a, .panel a.urgent { color: var(--alarm); }

.emergency { max-inline-size: 100%; align-self: stretch; background: var(--alarm-soft); border: 2px solid var(--alarm); border-inline-start-width: .6em; border-radius: .8em; }
.alarm-title { display: flex; align-items: center; gap: .45em; color: var(--alarm); font-weight: 750; font-size: 1.1em; margin-block-end: .4em; }
.alarm-title + .row { margin-block: 0 .7em; }
.handoff, .form, .refuse { border-inline-start: .25em solid var(--accent); }
.notice { background: var(--warn); color: var(--warn-ink); }
.state { display: flex; align-items: center; gap: .3em; margin-block-start: .5em; color: inherit; font-weight: 650; }
.intro { max-inline-size: 100%; }
.receipt { display: block; font-size: .86em; }

.row { display: flex; flex-wrap: wrap; gap: .5em; margin-block-start: .7em; align-items: center; }
.button {
  display: inline-flex; align-items: center; min-block-size: 2.75em; padding: .35em 1em; border: 1.5px solid var(--accent); border-radius: 1.4em;
  background: var(--surface); color: var(--accent); font: inherit; font-weight: 500; line-height: 1.3; text-align: start; text-decoration: none; cursor: pointer;
}
.panel a.button { color: var(--accent); }
.button:hover { background: var(--hover); }
.panel a.alarm { background: var(--alarm); border-color: var(--alarm); color: var(--on-alarm); font-weight: 750; font-size: 1.1em; }
.panel a.alarm:hover { background: var(--alarm); text-decoration: underline; }
.panel .danger { color: var(--alarm); border-color: currentColor; }
.banner .button, .ask .button, .notice .button { background: none; }
.panel .banner a, .panel .banner .button, .notice .button, .panel .notice a { color: inherit; border-color: currentColor; }
.starters { list-style: none; padding: 0; display: grid; gap: .5em; justify-items: start; }
.starter { border-radius: 1.1em; border-end-start-radius: .3em; }
details { margin-block-start: .6em; font-size: .9em; }
summary { cursor: pointer; color: var(--muted); padding-block: .35em; min-block-size: 1.7em; inline-size: fit-content; }
.publisher { color: var(--muted); }
.publisher::before { content: " · "; }
details li { margin-block: .25em; }
.quiet { border: 0; background: none; color: inherit; font: inherit; padding: .1em .5em; min-inline-size: 2em; min-block-size: 1.75em; text-decoration: underline; text-underline-offset: .15em; cursor: pointer; border-radius: .5em; }
.feedback { display: flex; flex-wrap: wrap; align-items: center; gap: .1em .2em; margin-block-start: .45em; font-size: .86em; color: var(--muted); }
.quiet[aria-pressed="true"] { background: var(--accent); color: var(--on-accent); text-decoration: none; }
.typing { align-self: flex-start; color: var(--muted); font-size: .94em; padding-inline: .3em; flex: none; }
.typing::before { content: ""; display: inline-block; inline-size: .5em; block-size: .5em; margin-inline-end: .5em; border-radius: 50%; background: var(--accent); animation: pulse 1s infinite alternate ease-in-out; }
@keyframes pulse { to { opacity: .2; } }

.problem { color: var(--alarm); padding-inline: 1em; font-size: .94em; }
.composer { display: flex; align-items: flex-end; gap: .5em; padding: .65em .8em .3em; border-block-start: 1px solid var(--line); flex: none; }
textarea {
  flex: 1; min-inline-size: 0; min-block-size: 2.85em; max-block-size: 8.5em; resize: none; padding: .6em .9em; border: 1.5px solid var(--muted); border-radius: 1.4em;
  background: var(--surface); color: inherit; font: inherit; line-height: 1.5; scrollbar-width: thin;
}
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { background: var(--accent); color: var(--on-accent); }
:host(:dir(rtl)) .send .icon { transform: scaleX(-1); }
.footer { display: flex; flex-wrap: wrap; justify-content: center; gap: 0 1.2em; padding: 0 .8em .55em; font-size: .86em; flex: none; }
.footer a { padding-block: .3em; }

@media (max-width: 30em), (max-height: 28em) {
  :host(:not([inline])) .panel { inset: 0; inline-size: 100%; block-size: var(--visible, 100dvh); max-inline-size: none; max-block-size: none; border: 0; border-radius: 0; }
}
/* Little room, or large text: all of it scrolls, so that nothing is out of reach. */
@media (max-height: 28em) {
  .panel { overflow-y: auto; }
  .log { overflow: visible; flex: 1 0 auto; }
}
@media (prefers-reduced-motion: reduce) { .panel, .panel * , .panel ::before { animation: none !important; } }
@media (forced-colors: active) { .card, .round, .send { border: 1px solid; } .emergency { border-width: 4px; } }
@media print { :host(:not([inline])) { display: none; } }
`;
