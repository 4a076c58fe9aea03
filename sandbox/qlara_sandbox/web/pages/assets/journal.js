// The journal as it grows: one line per request, with the whole exchange behind it.

import { guarded, sends } from "./actions.js";
import { control } from "./control.js";
import { chip, copied, el } from "./dom.js";
import { matches, requestOf, responseOf, statusOf } from "./entries.js";
import { chosenFile, download } from "./files.js";
import { bodyNodes, definitions, headerLists } from "./panel.js";
import { reportNodes } from "./report.js";
import { number, shippedSample } from "./samples.js";
import { isInline, snippet } from "./snippets.js";
import { tabbed } from "./tabs.js";

const KEPT = 500;
const DRAWN = 100;
const FIRST = 100;
const BATCH = 50;
const $ = (id) => document.getElementById(id);

// `entries` are newest first, each with the run of the sandbox that it belongs to.
const state = { entries: [], known: new Set(), run: "", newest: "", paused: false, held: [], batch: [], early: [], timer: 0, open: "", cleared: stored() };
let page = { account: () => ({}), contract: () => null, again: async () => {}, opened: () => {}, judge: () => null, anew: "The sandbox started anew. Below is what its earlier run was asked." };

/**
 * Begin. `page` gives the account and the contract, sends a request `again` (null: it does not), is told what is
 * `opened`, and may `judge` an entry itself, and says what another run is (`anew`).
 */
export function fillJournal(given) {
  page = { ...page, ...given };
  for (const id of ["filter-status", "filter-operation", "filter-key"]) $(id).addEventListener("change", draw);
  $("filter-text").addEventListener("input", draw);
  $("journal-pause").addEventListener("click", pause);
  $("journal-clear").addEventListener("click", clear);
  $("journal-all").addEventListener("click", showAll);
  $("journal-har").addEventListener("click", guarded(saveHar));
}

/** The sandbox is there, as the run of this name: read what has been missed. */
export async function catchUp(run) {
  const sameRun = state.run === run;
  const since = sameRun && state.newest ? `&since=${state.newest}` : "";
  const { requests } = await control(`/requests?limit=${since ? KEPT : FIRST}${since}`);
  if (!sameRun) {
    state.run = run;
    state.newest = "";
    forgetIds();
  }
  for (const entry of requests.reverse()) add(entry, since !== "");
  // What happened in the meantime was told before it was known which run this is.
  for (const early of state.early.splice(0)) journalled(early.entry, early.run);
  flush();
}

/** Add an entry of a run as it happens. */
export function journalled(entry, run) {
  if (run !== state.run) {
    state.early.push({ entry, run });
    state.early.splice(0, state.early.length - KEPT);
    return;
  }
  state.batch.push(entry);
  state.timer ||= setTimeout(flush, BATCH);
}

/** Open the line of a request of this run. */
export function openEntry(id) {
  const line = document.getElementById(`entry-${id}`);
  if (line) line.open = true;
}

function flush() {
  clearTimeout(state.timer);
  state.timer = 0;
  for (const entry of state.batch.splice(0)) add(entry, true);
  trim();
}

const numberOf = (id) => Number(id.slice(id.indexOf("_") + 1));

function add(entry, fresh) {
  const key = `${state.run}/${entry.id}`;
  if (state.newest === "" || numberOf(entry.id) > numberOf(state.newest)) state.newest = entry.id;
  if (state.known.has(key)) return;
  state.known.add(key);
  const row = { entry, run: state.run, key, fresh };
  if (!state.paused) keep(row);
  else {
    state.held.push(row);
    if (state.held.length > KEPT) state.known.delete(state.held.shift().key);
    tellPaused();
  }
}

function keep(row) {
  noteChoices(row.entry);
  // Requests are numbered as they come and told as they end, so that a slow one comes late.
  const at = Math.max(state.entries.findIndex((other) => other.run !== row.run || numberOf(other.entry.id) < numberOf(row.entry.id)), 0);
  state.entries.splice(at, 0, row);
  if (!isShown(row)) return;
  if (at > 0) draw();
  else $("journal").prepend(line(row), ...(startsARun(row) ? [divider(row.run)] : []));
}

/** Whether a row is the first that is shown of its run, with those of an earlier one below. */
const startsARun = (row) => {
  const below = state.entries.filter(isShown)[1];
  return below !== undefined && below.run !== row.run;
};

function trim() {
  for (const { key } of state.entries.splice(KEPT)) state.known.delete(key);
  const box = $("journal");
  while (box.childElementCount > DRAWN) box.lastElementChild.remove();
  count();
}

// ---- what is shown

const filters = () => ({
  status: $("filter-status").value, operation: $("filter-operation").value, key: $("filter-key").value, text: $("filter-text").value.trim(),
});

const isShown = (row) => !isCleared(row) && matches(row.entry, filters());
const isCleared = ({ run, entry }) => state.cleared.run !== "" && (run !== state.cleared.run ? run !== state.run : numberOf(entry.id) <= numberOf(state.cleared.id));

function draw() {
  const rows = state.entries.filter(isShown).slice(0, DRAWN);
  const nodes = [];
  for (const [index, row] of rows.entries()) {
    nodes.push(line({ ...row, fresh: false }));
    if (rows[index + 1] && rows[index + 1].run !== row.run) nodes.push(divider(row.run));
  }
  $("journal").replaceChildren(...nodes);
  count();
}

function count() {
  const shown = $("journal").querySelectorAll(".entry").length;
  const hidden = state.entries.filter(isCleared).length;
  const meant = state.entries.length - hidden;
  $("journal-empty").hidden = shown > 0;
  $("journal-empty").textContent = meant > 0 ? "No request is like that." : hidden > 0 ? "Nothing since it was cleared." : "No requests yet.";
  $("journal-all").hidden = hidden === 0;
  const some = Object.values(filters()).some(Boolean);
  $("journal-count").textContent = some || shown < meant ? `${number(shown)} of ${number(meant)} shown` : "";
}

function noteChoices(entry) {
  choice($("filter-operation"), entry.operation ?? entry.request.path);
  choice($("filter-key"), entry.apiKey ?? "none", entry.apiKey ?? "no key");
  const status = String(statusOf(entry));
  if (status !== "0") choice($("filter-status"), status);
}

function choice(select, value, label = value) {
  if (![...select.options].some((option) => option.value === value)) select.append(el("option", { value }, label));
}

function pause() {
  state.paused = !state.paused;
  $("journal-pause").setAttribute("aria-pressed", String(state.paused));
  if (!state.paused) {
    for (const row of state.held.splice(0)) keep(row);
    trim();
  }
  tellPaused();
}

function tellPaused() {
  const held = state.held.length;
  $("journal-held").textContent = state.paused ? `${held === 0 ? "Nothing" : number(held)} new while paused` : "";
}

/** Clear what is shown. The sandbox keeps its journal: tests that are running may ask it. */
function clear() {
  state.cleared = { run: state.run, id: state.newest };
  sessionStorage.setItem("cleared", JSON.stringify(state.cleared));
  draw();
}

function showAll() {
  state.cleared = { run: "", id: "" };
  sessionStorage.removeItem("cleared");
  draw();
  $("journal-clear").focus();
}

function stored() {
  try {
    const { run, id } = JSON.parse(sessionStorage.getItem("cleared"));
    return { run: String(run), id: String(id) };
  } catch {
    return { run: "", id: "" };
  }
}

// ---- the runs of the sandbox

/** The sandbox has started anew, and its ids begin again: give them back. */
function forgetIds() {
  for (const node of $("journal").querySelectorAll(".entry[id]")) node.removeAttribute("id");
}

const divider = (run) => el("p", { class: "divider", "data-run": run }, page.anew);

async function saveHar() {
  const meant = new Set(state.entries.filter((row) => row.run === state.run && isShown(row)).map(({ entry }) => entry.id));
  await downloadHar("journal.har", (id) => meant.has(id));
}

async function downloadHar(name, isMeant) {
  const archive = await control(`/requests?format=har&limit=${2 * KEPT}`);
  archive.log.entries = archive.log.entries.filter(({ comment }) => isMeant(comment));
  if (archive.log.entries.length === 0) throw new Error("The journal no longer has that.");
  download(name, new Blob([JSON.stringify(archive, null, 2)], { type: "application/json" }));
}

// ---- one line

function line({ entry, run, key, fresh }) {
  const status = statusOf(entry);
  const details = el("details", { class: fresh ? "entry new" : "entry", id: run === state.run ? `entry-${entry.id}` : false, open: state.open === key },
    el("summary", {},
      el("time", { datetime: entry.at }, new Date(entry.at).toLocaleTimeString("en-GB")),
      status ? chip(status) : el("span", { class: "status s-" }, "–"),
      el("span", { class: "verb" }, entry.request.method),
      el("span", { class: "path" }, entry.operation ?? entry.request.path,
        el("span", { class: "quiet" }, ` ${[entry.apiKey, entry.scenario, entry.session].filter(Boolean).join(" · ")}`),
        entry.faults?.length ? el("span", { class: "quiet met" }, ` · ${[...new Set(entry.faults)].join(" · ")}`) : []),
      el("span", { class: "ms" }, `${entry.milliseconds.toFixed(entry.milliseconds < 10 ? 1 : 0)} ms`)));
  const fill = () => {
    if (details.open && !details.querySelector(".tabbed")) details.append(exchange(entry, run, key));
  };
  details.addEventListener("toggle", () => {
    fill();
    if (details.open === (state.open === key)) return;
    state.open = details.open ? key : "";
    page.opened(details.open && run === state.run ? entry.id : "", run);
  });
  fill();
  return details;
}

function exchange(entry, run, key) {
  const response = responseOf(entry);
  const request = () => requestOf(entry, page.account().apiKey, chosenFile());
  const prefix = `x-${key.replace("/", "-")}`;
  const report = response.json?.summary ? response.json : null;
  const entries = [
    { id: "response", label: "Response", nodes: () => responseNodes(entry, response) },
    { id: "request", label: "Request", nodes: () => requestNodes(entry) },
    ...(report ? [{ id: "cards", label: `Cards (${number(report.errors?.length ?? 0)})`, nodes: () => reportNodes(report, entry.request.form?.file?.head ?? null) }] : []),
    { id: "reason", label: "Reason", nodes: () => reasonNodes(entry, response) },
  ];
  const note = el("p", { class: "help", role: "status" });
  const tell = (notes) => { note.textContent = notes.join(" "); };
  const copy = el("button", { type: "button", class: "plain", onclick: async () => {
    const again = request();
    const done = await copied(snippet("curl", location.origin, await withSample(again), { reveal: true }));
    tell([done ? "Copied." : "This browser does not let the page copy.", ...again.notes]);
  } }, "Copy as curl");
  const again = el("button", { type: "button", class: "plain", "data-sends": true }, "Send again");
  again.addEventListener("click", sends(async (signal) => {
    const repeated = request();
    tell(repeated.notes);
    if (repeated.complete) await page.again(repeated, signal);
  }, again));
  const har = el("button", { type: "button", class: "plain", onclick: guarded(() => downloadHar(`${entry.id}.har`, (id) => id === entry.id)) }, "HAR");
  return el("div", { class: "exchange" },
    el("div", { class: "actions" }, copy, page.again ? again : [], run === state.run ? har : [], el("span", { class: "quiet mono" }, entry.id)),
    note,
    tabbed(`Request ${entry.id}`, prefix, entries, "response"));
}

/** A sample that the sandbox ships need not be at hand for the command to have it. */
async function withSample(request) {
  const file = request.form?.file;
  if (!file || isInline(file)) return request;
  const one = await shippedSample(file.name);
  return one === null || (file.size !== undefined && file.size !== one.size) ? request : { ...request, form: { ...request.form, file: one } };
}

const block = (label, nodes) => el("pre", { tabindex: "0", role: "group", "aria-label": label }, el("code", {}, ...nodes));

function responseNodes(entry, response) {
  if (!entry.answer) return [el("p", { class: "refusal" }, "No response was sent.")];
  return [
    response.text ? block("Body of the response", bodyNodes(response)) : el("p", { class: "quiet" }, "The body is empty."),
    response.failure ? el("p", { class: "help" }, response.failure) : [],
    headerLists(response.headers),
  ].flat();
}

function requestNodes({ request }) {
  const { fields = {}, file } = request.form ?? {};
  return [
    el("p", { class: "mono" }, `${request.method} ${request.path}${request.query ? `?${request.query}` : ""}`),
    definitions(Object.entries(request.headers)),
    Object.keys(fields).length ? [el("h4", {}, "Form"), definitions(Object.entries(fields))] : [],
    file ? [el("h4", {}, `${file.name}, ${number(file.bytes)} bytes`), block("The beginning of the file", [file.head])] : [],
    request.body ? block("Body of the request", [request.body]) : [],
  ].flat(2);
}

function reasonNodes(entry, response) {
  const judged = page.judge(entry);
  const [kind, sentence] = judged ?? (entry.operation && page.contract() ? page.contract().judge(entry.operation, response) : ["", "This request is to no operation of the contract."]);
  const reasons = typeof response.json?.data === "object" ? Object.entries(response.json.data ?? {}) : [];
  const status = statusOf(entry);
  return [
    el("p", { class: `verdict ${kind}` }, sentence),
    reasons.length ? definitions(reasons.map(([field, reason]) => [field, String(reason)])) : [],
    entry.faults?.length && !judged ? el("p", {}, `Faults that it met: ${[...new Set(entry.faults)].join(", ")}.`) : [],
    status >= 400 ? el("p", {}, el("a", { href: `/__docs#errors-${status}` }, `What the contract says of ${status}`)) : [],
  ].flat();
}
