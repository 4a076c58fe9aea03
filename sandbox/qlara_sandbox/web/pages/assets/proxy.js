// The console of a proxy: what passes, and which promises it shows kept or broken.

import { guarded, notice, noticeNoToken } from "./actions.js";
import { Contract } from "./contract.js";
import { askAgain, control, follow, text } from "./control.js";
import { el } from "./dom.js";
import { download } from "./files.js";
import { catchUp, fillJournal, journalled, openEntry } from "./journal.js";
import { number } from "./samples.js";

const $ = (id) => document.getElementById(id);
const PAUSE = 1500;
const STATES = [
  ["broken", "Broken", true],
  ["differs", "Decided otherwise than assumed", false],
  ["kept", "Kept", false],
  ["not exercised", "Not seen", false],
];

const state = { contract: null, run: "", timer: 0, opened: new Set(["broken"]) };

// ---- the report

function reportChanged() {
  state.timer ||= setTimeout(async () => {
    state.timer = 0;
    await showReport().catch((error) => notice(error.message, error));
  }, PAUSE);
}

async function showReport() {
  const report = await control("/report");
  const promises = report.promises ?? [];
  const of = (name) => promises.filter((one) => one.state === name);
  say(report, of("broken").length, of("kept").length);
  $("report").replaceChildren(...STATES.map(([name, title]) => group(name, title, of(name))).filter(Boolean));
}

function say(report, broken, kept) {
  const seen = report.requests ?? 0;
  $("report-verdict").className = `verdict ${broken ? "broken" : kept ? "kept" : ""}`;
  $("report-verdict").textContent = !seen ? "Nothing has passed yet."
    : broken ? `${counted(broken, "promise")} broken, ${number(kept)} kept.`
      : kept ? `${counted(kept, "promise")} kept, none broken.` : "Nothing that passed shows a promise kept or broken.";
  $("report-note").textContent = seen ? `Of ${counted(seen, "exchange")} with ${report.baseUrl}.` : "";
}

const counted = (count, one) => `${number(count)} ${count === 1 ? one : `${one}s`}`;

function group(name, title, promises) {
  if (promises.length === 0) return null;
  const details = el("details", { open: state.opened.has(name) },
    el("summary", {}, `${title} (${number(promises.length)})`),
    el("section", { class: "scroll", tabindex: "0", "aria-label": title },
      el("table", { class: "promises" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Promise"), el("th", { scope: "col" }, "What it says"), el("th", { scope: "col" }, "Seen"))),
        el("tbody", {}, ...promises.map(row)))));
  details.addEventListener("toggle", () => {
    if (details.open) state.opened.add(name);
    else state.opened.delete(name);
  });
  return details;
}

function row({ id, sentence, state: name, checks: { kept, broken } }) {
  const times = [broken ? el("span", { class: "broken" }, `broken ${number(broken)} ×`) : null, broken && kept ? ", " : null, kept ? el("span", { class: "kept" }, `kept ${number(kept)} ×`) : null];
  const label = name === "broken" ? el("button", { type: "button", class: "link", title: "Show the exchanges in the journal", onclick: () => search(id) }, id) : el("code", {}, id);
  return el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, sentence), el("td", {}, ...times.filter(Boolean), broken || kept ? [] : "–"));
}

/** Show the exchanges that broke a promise. */
function search(id) {
  $("filter-text").value = id;
  $("filter-text").dispatchEvent(new Event("input"));
  $("journal-head").scrollIntoView();
}

function listenToReport() {
  for (const [id, format, name, type] of [
    ["report-html", "html", "report.html", "text/html"],
    ["report-json", "json", "report.json", "application/json"],
    ["report-junit", "junit", "junit.xml", "application/xml"],
  ]) {
    $(id).addEventListener("click", guarded(async () => download(name, new Blob([await text(`/report?format=${format}`)], { type }))));
  }
}

/** A promise has no blank in its name; why there is no response is a sentence. */
const said = (found) => (found.includes(" ") ? found : `This breaks ${found}.`);

// ---- putting it together

async function arrive() {
  if (state.contract === null) {
    state.contract = new Contract(await fetch("/__docs/openapi.json").then((response) => response.json()));
  }
  const { run } = await control("/health");
  state.run = run;
  await catchUp(run);
  await showReport();
  const wanted = new URLSearchParams(location.search).get("request");
  if (wanted) openEntry(wanted);
  document.body.dataset.ready = "true";
}

function showConnection(how) {
  $("live").textContent = { up: "live", down: "not connected", locked: "waiting for the token", resting: "resting" }[how];
  $("stopped").hidden = how !== "down";
  if (how === "locked") noticeNoToken();
}

$("enter-token").addEventListener("click", askAgain);
fillJournal({
  account: () => ({ apiKey: "YOUR_API_KEY" }),
  contract: () => state.contract,
  again: null, // a proxy sends no request of its own
  opened: (id) => history.replaceState(null, "", id ? `?request=${encodeURIComponent(id)}` : location.pathname),
  judge: ({ faults }) => (faults.length ? ["broken", faults.map(said).join(" ")] : null),
  anew: "The proxy started anew. Below is what passed before.",
});
listenToReport();
follow(
  (kind, data, run) => {
    if (kind === "request") {
      journalled(data, run);
      reportChanged();
    }
    if (kind === "lagged") guarded(() => catchUp(state.run))();
  },
  (how) => {
    showConnection(how);
    if (how === "up") guarded(arrive)();
  },
);
