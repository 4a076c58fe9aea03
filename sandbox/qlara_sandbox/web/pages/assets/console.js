// The console: choose a scenario, send real requests, see what they did.

import { accountMayHaveChanged, closeList, openList, refresh, showAccountOf } from "./account.js";
import { cancel, guarded, notice, noticeNoToken, sends } from "./actions.js";
import { isSandboxKey, queryOf, viewOf } from "./address.js";
import { Contract } from "./contract.js";
import { askAgain, control, follow } from "./control.js";
import { coverageChanged, showCoverage } from "./coverage.js";
import { GROUPS, PATIENCE, demonstrationNamed } from "./demonstrations.js";
import { chip, el } from "./dom.js";
import { requestOf, responseOf } from "./entries.js";
import { importing, listing, quota, send } from "./exchange.js";
import { chosenFile, listenForFiles, take, takeSample } from "./files.js";
import { catchUp, fillJournal, journalled, openEntry } from "./journal.js";
import { fillPanel, isNarrow, reveal, say, showRequest, showResponse } from "./panel.js";
import { loadState, saveState } from "./states.js";

const $ = (id) => document.getElementById(id);
const DEFAULT_KEY = "sandbox_console";
const DEFAULT_SESSION = "console";
const DEFAULT_LIST = "list_crm_migration";
const SAID_FOR = 6000;

const state = { scenarios: new Map(), contract: null, run: "", demo: "", request: "", ready: false };

// ---- what is chosen

const scenario = () => $("scenario").value;
const account = () => ({ apiKey: $("key").value.trim(), session: $("session").value.trim() || "default", scenario: scenario() });

function identify(request, key = account().apiKey) {
  const headers = { ...request.headers };
  if (key) headers["X-Api-Key"] = key;
  headers["X-Sandbox-Scenario"] = scenario();
  headers["X-Sandbox-Session"] = account().session;
  return { ...request, headers };
}

function showScenario() {
  for (const story of $("scenario-story").children) {
    const told = story.dataset.scenario === scenario();
    story.classList.toggle("told", told);
    story.firstElementChild.id = told ? "scenario-title" : "";
  }
  const { apiKey, session } = account();
  $("who").textContent = `${apiKey === "YOUR_API_KEY" || apiKey === DEFAULT_KEY ? apiKey : `${apiKey.slice(0, 10)}…`}, ${session}`;
}

function choose(name) {
  $("scenario").value = name;
  showScenario();
  closeList();
}

// ---- the address

function view() {
  const { apiKey, session } = account();
  return {
    scenario: scenario(), demo: state.demo,
    key: apiKey === DEFAULT_KEY ? "" : apiKey,
    session: session === DEFAULT_SESSION ? "" : session,
    run: state.request && state.run, request: state.request,
  };
}

/** Write what is shown into the address; `step` is one that the button Back goes back from. */
function remember({ step = false } = {}) {
  const query = queryOf(view());
  if (query === location.search) return;
  if (step) history.pushState(null, "", query);
  else history.replaceState(null, "", query);
}

/** Show what the address says. */
async function restore() {
  const wanted = viewOf(location.search);
  $("key").value = wanted.key || DEFAULT_KEY;
  $("session").value = wanted.session || DEFAULT_SESSION;
  const known = state.scenarios.has(wanted.scenario);
  choose(known ? wanted.scenario : state.preset);
  state.request = "";
  markDemonstration("");
  if (wanted.scenario && !known) notice(`There is no scenario ${wanted.scenario}; this is ${state.preset}.`);
  const demo = demonstrationNamed(wanted.demo);
  if (demo) await prepare(demo);
  if (wanted.request) await recall(wanted);
  else if (!demo) showNothing();
  remember();
  await refresh();
}

function showNothing() {
  showRequest(null, "Nothing sent yet.");
}

/** Show a request that the address names, from the journal. */
async function recall({ run, request }) {
  if (run && run !== state.run) {
    say("other", "The request of this address was sent to an earlier run of the sandbox, and is gone.");
    return;
  }
  const entry = await control(`/requests/${encodeURIComponent(request)}`).catch(() => null);
  if (entry === null) {
    say("other", `The journal no longer has ${request}.`);
    return;
  }
  state.request = request;
  const again = requestOf(entry, account().apiKey, chosenFile());
  showRequest(again);
  const response = responseOf(entry);
  await showResponse(response, judge(entry.operation, response), again.notes.join(" "));
  openEntry(request);
}

function judge(operation, response) {
  if (!operation) return ["other", "This request is to no operation of the contract."];
  return state.contract.judge(operation, response);
}

// ---- sending

async function perform(request, signal, { until, whole = false, key } = {}) {
  const sent = whole ? request : identify(request, key);
  showRequest(sent);
  const before = [];
  let response = await transfer(sent, signal);
  while (until && response.status !== until && before.length < PATIENCE && !signal.aborted) {
    before.push(response.status);
    response = await transfer(sent, signal);
  }
  await showResponse(response, judge(sent.operation, response), before.length ? `Before it: ${counted(before)}.` : "");
  state.request = response.id;
  remember();
  if (response.status === 200 && response.json?.importId && !whole) await openList(response.json.listId);
  else await refresh();
}

async function transfer(request, signal) {
  const size = request.form?.file?.size ?? 0;
  try {
    return await send(request, { signal, progress: (sent, total) => showProgress(sent, total, size) });
  } finally {
    $("sending").hidden = true;
  }
}

const megabytes = (bytes) => (bytes / 1_000_000).toFixed(1);

function showProgress(sent, total, size) {
  if (size < 100_000 && sent === total) return; // too short to be seen
  $("sending").hidden = false;
  $("sent").max = total;
  $("sent").value = sent;
  $("sent-text").textContent = sent < total ? `${megabytes(sent)} of ${megabytes(total)} MB sent` : `${megabytes(total)} MB sent; the sandbox is at work …`;
}

/** Return statuses with how often each came: "10 × 200". */
function counted(statuses) {
  const often = new Map();
  for (const status of statuses) often.set(status, (often.get(status) ?? 0) + 1);
  return [...often].map(([status, count]) => `${count} × ${status || "no response"}`).join(", ");
}

// ---- the form

/** Return the fields of the form: of the two lists, the one that is chosen. */
const form = () => ({
  listId: $("into-list").checked ? $("list-id").value : "",
  listName: $("into-new").checked ? $("list-name").value : "",
  duplicateStrategy: $("strategy").value,
  tags: $("tags").value,
});

function fill(fields) {
  const given = { listId: DEFAULT_LIST, listName: "", duplicateStrategy: state.strategy, tags: "", ...fields };
  $(given.listName ? "into-new" : "into-list").checked = true;
  $("list-id").value = given.listId || DEFAULT_LIST;
  $("list-name").value = given.listName;
  $("tags").value = given.tags;
  $("strategy").querySelector("[data-unknown]")?.remove();
  const known = [...$("strategy").options].some((option) => option.value === given.duplicateStrategy);
  if (!known) $("strategy").append(el("option", { "data-unknown": true }, given.duplicateStrategy));
  $("strategy").value = given.duplicateStrategy;
}

// ---- demonstrations

function fillDemonstrations() {
  const known = (demo) => state.scenarios.has(demo.scenario) || demo.prefer || !demo.optional;
  $("demos").replaceChildren(...GROUPS.map(({ title, items }) => [title, items.filter(known)])
    .filter(([, items]) => items.length > 0).map(([title, items]) => demoGroup(title, items)));
  markDemonstration(state.demo);
}

const demoGroup = (title, items) => el("div", { class: "demo-group", role: "group", "aria-label": title }, el("h3", {}, title), ...items.map(demoButton));

function demoButton(demo) {
  const mark = demo.status ? chip(demo.status) : el("span", { class: "status" }, "net");
  const button = el("button", { type: "button", class: "demo", "data-demo": demo.id, "data-sends": true }, mark, el("span", {}, demo.title));
  button.addEventListener("click", sends((signal) => demonstrate(demo, signal), button));
  return button;
}

const demoButtonOf = (id) => document.querySelector(`[data-demo="${CSS.escape(id)}"]`);

function markDemonstration(id) {
  state.demo = id;
  for (const button of document.querySelectorAll("[data-demo]")) {
    if (button.dataset.demo === id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

const isForced = (demo) => Boolean(demo.forced) || !state.scenarios.has(demo.scenario);

/** Show a demonstration that the address names, and leave it to the person to send it. */
async function prepare(demo) {
  if (!demoButtonOf(demo.id)) $("demos").prepend(demoGroup("From the contract", [demo]));
  choose(isForced(demo) ? state.preset : demo.scenario);
  markDemonstration(demo.id);
  showRequest(identify(await requestOfDemo(demo), demo.key), `Not sent yet. The button “${demo.title}” sends it.`);
  demoButtonOf(demo.id).focus();
}

async function demonstrate(demo, signal) {
  const before = scenario();
  choose(isForced(demo) ? state.preset : demo.scenario);
  markDemonstration(demo.id);
  state.request = "";
  remember({ step: before !== scenario() });
  if (demo.fresh) await reset();
  const request = await requestOfDemo(demo);
  const disarm = demo.fault ? await arm(demo.fault) : () => {};
  try {
    await perform(request, signal, { key: demo.key, until: isForced(demo) ? undefined : demo.until });
  } finally {
    await disarm();
  }
  reveal();
}

async function requestOfDemo(demo) {
  const request = await plainRequestOf(demo);
  return isForced(demo) && demo.prefer ? { ...request, headers: { Prefer: demo.prefer } } : request;
}

async function plainRequestOf(demo) {
  if (demo.quota) return quota();
  if (demo.list) return listing(demo.list, demo.query);
  await takeSample(demo.sample);
  fill(demo.fields);
  return importing(chosenFile(), form());
}

/** Put a fault in force for this account; return what takes it out of force again. */
async function arm(fault) {
  const { id } = await control("/faults", { method: "POST", body: { ...account(), fault } });
  return () => control(`/faults?${new URLSearchParams({ ...account(), id })}`, { method: "DELETE" });
}

async function reset() {
  if (isSandboxKey(account().apiKey)) await control("/reset", { method: "POST", body: account() });
  closeList();
}

// ---- putting it together

async function load() {
  const [document_, { scenarios, default: preset }, { run }] = await Promise.all([
    fetch("/openapi.json").then((response) => response.json()),
    control("/scenarios"),
    control("/health"),
  ]);
  state.run = run;
  state.contract = new Contract(document_);
  state.preset = preset;
  fillStrategies(state.contract.choices("uploadVCard", "duplicateStrategy"));
  fillScenarios(scenarios);
  fillDemonstrations();
  await catchUp(run);
  await restore();
  await showCoverage();
  state.ready = true;
  document.body.dataset.ready = "true";
}

function fillStrategies({ values, preset }) {
  state.strategy = preset;
  $("strategy").replaceChildren(...values.map((value) => el("option", {}, value)));
  $("strategy").value = preset;
}

function fillScenarios(scenarios) {
  state.scenarios = new Map(scenarios.map((one) => [one.name, one]));
  $("scenario").replaceChildren(...scenarios.map(({ name, valid }) => el("option", { value: name, disabled: !valid }, name)));
  // All of them lie upon each other, so that what is below stays where it is.
  $("scenario-story").replaceChildren(...scenarios.map(({ name, title, story, mistakes }) =>
    el("div", { "data-scenario": name }, el("p", { class: "title" }, title ?? ""), el("p", {}, story ?? (mistakes ?? []).join(" ")))));
}

/** The sandbox is there, perhaps again, perhaps as another run. */
async function arrive() {
  if (!state.ready) return load();
  const { run } = await control("/health");
  const isNew = run !== state.run;
  state.run = run;
  await catchUp(run);
  if (isNew) {
    state.request = "";
    remember();
  }
  await refresh();
  coverageChanged();
}

function showConnection(how) {
  $("live").textContent = { up: "live", down: "not connected", locked: "waiting for the token", resting: "resting" }[how];
  $("stopped").hidden = how !== "down";
  if (how === "locked") noticeNoToken();
}

function said(place, sentence) {
  $(place).textContent = sentence;
  setTimeout(() => { if ($(place).textContent === sentence) $(place).textContent = ""; }, SAID_FOR);
}

const isReadable = () => /^[A-Za-z0-9._-]{1,64}$/.test(account().session) && account().apiKey.length <= 200;

function listenToChoices() {
  const anew = guarded(async () => {
    if (!isReadable()) throw new Error("A session is 1 to 64 letters, digits, dots, hyphens or underscores; a key has at most 200 characters.");
    showScenario();
    closeList();
    markDemonstration("");
    state.request = "";
    remember({ step: true });
    await refresh();
  });
  for (const id of ["scenario", "key", "session"]) $(id).addEventListener("change", anew);
  for (const [field, choice] of [["list-id", "into-list"], ["list-name", "into-new"]]) {
    $(field).addEventListener("input", () => { $(choice).checked = $(field).value !== "" || $(choice).checked; });
  }
  addEventListener("popstate", guarded(restore));
}

function listenToAccount() {
  $("reset").addEventListener("click", guarded(async () => {
    await reset();
    await refresh();
    said("reset-said", "The account is as at the start of its scenario.");
  }));
  $("save-state").addEventListener("click", guarded(async () => said("account-said", await saveState(account()))));
  $("load-state").addEventListener("change", guarded(async () => {
    const [file] = $("load-state").files;
    if (!file) return;
    try {
      said("account-said", await loadState(account(), file));
    } finally {
      $("load-state").value = "";
    }
    closeList();
    await refresh();
  }));
}

function listenToButtons() {
  const importNow = $("import").querySelector("[type=submit]");
  $("import").addEventListener("submit", sends(async (signal) => {
    markDemonstration("");
    await perform(importing(chosenFile(), form()), signal);
    if (isNarrow()) reveal();
  }, importNow));
  $("ask-quota").addEventListener("click", sends(async (signal) => {
    markDemonstration("");
    await perform(quota(), signal);
  }, $("ask-quota")));
  $("cancel").addEventListener("click", cancel);
  $("coverage-anew").addEventListener("click", guarded(async () => {
    await control("/coverage", { method: "DELETE" });
    await showCoverage();
  }));
  $("enter-token").addEventListener("click", askAgain);
}

listenForFiles();
take(null);
fillPanel();
showAccountOf(account);
fillJournal({
  account,
  contract: () => state.contract,
  again: async (request, signal) => {
    await perform(request, signal, { whole: true });
    reveal();
  },
  opened: (id) => {
    state.request = id;
    remember();
  },
});
listenToChoices();
listenToAccount();
listenToButtons();
follow(
  (kind, data, run) => {
    coverageChanged();
    if (kind === "request") journalled(data, run);
    if (kind === "lagged") guarded(() => catchUp(state.run))();
    if (state.ready) accountMayHaveChanged(kind, data);
  },
  (how) => {
    showConnection(how);
    if (how === "up") guarded(arrive)();
  },
);
