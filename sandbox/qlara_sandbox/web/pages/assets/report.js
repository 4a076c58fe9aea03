// The report of an import, for people: each card that was left out, why, and its lines in the file.

import { el } from "./dom.js";
import { number } from "./samples.js";

const AT_ONCE = 50;
const LONGEST_CARD = 40;
const LONGEST_LINE = 160;

/** Return the text of a file: UTF-8 or UTF-16, else Windows-1252, which can be anything. */
export function decoded(bytes) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.length > 1 && first === 0) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.length > 1 && second === 0) return new TextDecoder("utf-16le").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Return the lines of a file as its report counts them: they end with CRLF, LF, CR or CR CR LF. */
export const linesOf = (text) => text.split(/\r\r\n|\r\n|\n|\r/);

/** Return the numbers of the first and last line of the card that a line, counted from 1, is in. */
export function cardAt(lines, line) {
  if (line > lines.length) return [line, line];
  const at = (index) => (lines[index] ?? "").trim().toUpperCase();
  let first = line - 1;
  while (first > 0 && line - first < LONGEST_CARD && at(first) !== "BEGIN:VCARD") first -= 1;
  if (at(first) !== "BEGIN:VCARD") return [line, line];
  let last = Math.max(first + 1, line - 1);
  while (last < lines.length - 1 && last - first < LONGEST_CARD && at(last) !== "END:VCARD" && at(last + 1) !== "BEGIN:VCARD") last += 1;
  return [first + 1, last + 1];
}

/** Return the figures of an import as nodes; `text` is the file as far as it is known, or null. */
export function reportNodes(report, text) {
  const errors = report?.errors ?? [];
  if (!report?.summary) return [];
  if (errors.length === 0) return [el("p", { class: "all-read" }, "Every card of the file was read.")];
  const lines = text === null ? [] : linesOf(text);
  const body = el("tbody", {});
  const more = el("button", { type: "button", class: "plain" });
  const show = () => {
    const from = body.childElementCount;
    body.append(...errors.slice(from, from + AT_ONCE).map((error) => row(error, lines)));
    const left = errors.length - body.childElementCount;
    more.hidden = left === 0;
    more.textContent = `Show ${number(Math.min(left, AT_ONCE))} more of ${number(left)}`;
  };
  more.addEventListener("click", show);
  show();
  return [
    el("div", { class: "scroll", role: "group", tabindex: "0", "aria-label": "Cards that were left out" },
      el("table", { class: "report" },
        el("thead", {}, el("tr", {}, ...["Line", "Name", "Reason", "In the file"].map((head) => el("th", { scope: "col" }, head)))),
        body)),
    more,
  ];
}

function row({ line, name, reason }, lines) {
  return el("tr", {},
    el("th", { scope: "row" }, number(line)),
    el("td", {}, name || el("span", { class: "quiet" }, "no name")),
    el("td", {}, reason),
    el("td", {}, excerpt(lines, line)));
}

function excerpt(lines, line) {
  if (lines[line - 1] === undefined) return el("span", { class: "quiet" }, "not at hand");
  const [first, last] = cardAt(lines, line);
  const shown = lines.slice(first - 1, last);
  return el("details", { class: "card" },
    el("summary", {}, el("code", {}, cut(lines[line - 1]))),
    el("ol", { start: String(first) }, ...shown.map((text, index) =>
      el("li", { value: String(first + index), class: first + index === line ? "at-fault" : false }, cut(text)))));
}

const cut = (text) => (text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text);
