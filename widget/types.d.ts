/** What the modules hand to each other. Read by the type check alone; no browser loads it. */

export type Texts = typeof import("./languages/en.json");

/** The texts that the loader needs before any other file is there. */
export type LauncherTexts = Pick<Texts, "launcher" | "dismiss" | "down" | "form" | "retry" | "emergency">;

/** A file of this release, relative to the loader, and its Subresource Integrity hash. */
export type File = [name: string, integrity: string];

export interface Clinic {
  name: string | null;
  phone: string | null;
  phone_text: string | null;
  form_url: string | null;
  emergency_line: string | null;
  starters: string[];
}

/** What the server writes into the loader. */
export interface Release {
  chat: File;
  languages: { [code: string]: { file: File; texts: LauncherTexts } };
  clinic: Clinic;
}

export type Contact = Pick<Clinic, "phone" | "phone_text" | "form_url">;

/** A reply of the website API; docs/developer.md has the format. */
export interface Reply {
  id: string;
  text: string;
  kind: "answer" | "handoff" | "emergency" | "clarify" | "out_of_scope" | "smalltalk" | "refuse" | "form" | "notice";
  topic: string | null;
  care: string | null;
  sources: { title: string; publisher: string; url: string }[];
  reviewed: { by: string; on: string } | null;
  choices: { id: string; title: string; description: string }[];
  contact: Contact | null;
  handoff: { id: string; reason: string; status: "offered" | "collecting" | "requested" | "cancelled" } | null;
  /** What the visitor said of it. */
  helpful?: boolean;
}

/** What a visitor sends: text, or the id of a choice with the title it was shown under. */
export interface Content {
  text?: string;
  choice?: string;
  shown: string;
}

/**
 * A message as the visitor sees it. `id` is the server's, once it has one.
 * `sending`: on its way or being answered; `unsent`: kept, tried again; `refused`: the server will never take it.
 */
export interface Entry extends Content {
  clientId: string;
  id: string | null;
  state: "sending" | "unsent" | "refused" | "done";
  replies: Reply[];
}

/** Whether the server can be reached: `offline` when this device has no network, `down` when the server gives none. */
export type Reach = "ok" | "offline" | "down" | "busy";
