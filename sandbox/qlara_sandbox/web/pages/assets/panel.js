// The request and the response in the middle of the page: as they are sent, and as they come.

import { chip, copyable, el, highlighted } from "./dom.js";
import { decoded, reportNodes } from "./report.js";
import { number } from "./samples.js";
import { LANGUAGES, conceals, snippet } from "./snippets.js";
import { tabRow } from "./tabs.js";

const $ = (id) => document.getElementById(id);
const SHOWN_CHARACTERS = 60_000;
const shown = { request: null, body: "", language: localStorage.getItem("language") ?? "curl" };

/** Make the row of languages, and what copies. */
export function fillPanel() {
  if (!LANGUAGES.some(([id]) => id === shown.language)) shown.language = "curl";
  const { row, mark } = tabRow("Language", "language", LANGUAGES, "snippet", (id) => {
    shown.language = id;
    localStorage.setItem("language", id);
    write();
  });
  mark(shown.language);
  $("languages").replaceWith(row);
  $("snippet").setAttribute("role", "tabpanel");
  $("snippet").setAttribute("aria-labelledby", `language-${shown.language}`);
  copyable($("snippet"), () => (shown.request ? snippet(shown.language, location.origin, shown.request, { reveal: true }) : ""));
  copyable($("body").parentElement, () => shown.body);
}

function write() {
  $("snippet").setAttribute("aria-labelledby", `language-${shown.language}`);
  $("curl").textContent = shown.request ? snippet(shown.language, location.origin, shown.request) : "";
  $("snippet-note").textContent = shown.request && conceals(shown.request) ? "The key is shown masked; what you copy has it." : "";
}

/** Show a request, and `sentence` of it. */
export function showRequest(request, sentence = "Waiting for the response …") {
  shown.request = request;
  write();
  $("body").replaceChildren();
  shown.body = "";
  $("status").replaceChildren();
  $("took").textContent = "";
  $("headers").hidden = true;
  $("report").replaceChildren();
  say("", sentence);
}

/** Show the response of the request that is shown; `judged` is what the contract says of it. */
export async function showResponse(response, [kind, sentence], note = "") {
  $("status").replaceChildren(chip(response.status));
  $("took").textContent = `${Math.round(response.milliseconds)} ms`;
  $("body").replaceChildren(...bodyNodes(response));
  shown.body = bodyText(response);
  $("header-list").replaceChildren(...headerLists(response.headers));
  $("headers").hidden = response.headers.length === 0;
  say(kind, [sentence, note].filter(Boolean).join(" "));
  $("report").replaceChildren(...reportNodes(response.json, await textOf(shown.request.form?.file)));
}

/** Show a sentence about what is under way or was not to be. */
export function say(kind, sentence) {
  $("verdict").className = `verdict ${kind}`;
  $("verdict").textContent = sentence;
}

/** Bring the response into view: at its beginning on a narrow page, where it is far from the buttons. */
export function reveal() {
  $("exchange").scrollIntoView({ block: isNarrow() ? "start" : "nearest" });
}

/** Whether the page has one column. */
export const isNarrow = () => matchMedia("(max-width: 1000px)").matches;

/** Return the text of a file, or null where there is none to be read. */
export async function textOf(file) {
  if (!(file instanceof File)) return null;
  return file.arrayBuffer().then((buffer) => decoded(new Uint8Array(buffer)), () => null);
}

const bodyText = (response) => (response.json === undefined ? response.text : JSON.stringify(response.json, null, 2));

/** Return the body of a response as nodes; of a very long one, the beginning. */
export function bodyNodes(response) {
  const text = bodyText(response);
  const rest = text.length - SHOWN_CHARACTERS;
  const cut = text.slice(0, SHOWN_CHARACTERS);
  return [
    ...(response.json === undefined ? [cut] : highlighted(cut)),
    ...(rest > 0 ? [el("span", { class: "quiet" }, `\n… and ${number(rest)} characters more`)] : []),
  ];
}

/** Return headers as lists of definitions; those that only browsers need are folded away. */
export function headerLists(headers) {
  const forBrowsers = ([name]) => name === "vary" || name.startsWith("access-control-");
  const others = headers.filter(forBrowsers);
  return [
    definitions(headers.filter((header) => !forBrowsers(header))),
    ...(others.length ? [el("details", { class: "more" }, el("summary", {}, `${others.length} more, for browsers`), definitions(others))] : []),
  ];
}

/** Return pairs of name and value as a list of definitions. */
export const definitions = (pairs) => el("dl", {}, ...pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
