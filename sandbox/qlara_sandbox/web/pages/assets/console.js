// The console: choose a scenario, send real requests, see what they did.

import { control } from "./control.js";
import { coverageChanged, showCoverage } from "./coverage.js";
import { GROUPS, PATIENCE } from "./demonstrations.js";
import { chip, copyable, el, highlighted } from "./dom.js";
import { Contract, curl, importing, listing, quota, send } from "./exchange.js";
import { watchJournal } from "./journal.js";
import { SAMPLES, number, sample } from "./samples.js";

const $ = (id) => document.getElementById(id);
const SHOWN_CHARACTERS = 200_000;
const PAGE = 10;

const state = { scenarios: new Map(), contract: null, file: null, lists: [], list: null, page: 1, turn: Promise.resolve(), waiting: 0 };

// ---- what is chosen

const scenario = () => $("scenario").value;
const account = () => ({ apiKey: $("key").value.trim(), session: $("session").value.trim() || "default" });
const isAdminKey = (key) => key === "YOUR_API_KEY" || key.startsWith("sandbox_");

function identify(request, key = account().apiKey) {
  const headers = { ...request.headers };
  if (key) headers["X-Api-Key"] = key;
  headers["X-Sandbox-Scenario"] = scenario();
  headers["X-Sandbox-Session"] = account().session;
  return { ...request, headers };
}

function showScenario() {
  const chosen = state.scenarios.get(scenario());
  $("scenario-title").textContent = chosen?.title ?? "";
  $("scenario-story").textContent = chosen?.story ?? (chosen?.mistakes ?? []).join(" ");
  const { apiKey, session } = account();
  $("who").textContent = `${apiKey === "YOUR_API_KEY" || apiKey === "sandbox_console" ? apiKey : `${apiKey.slice(0, 10)}…`}, ${session}`;
}

function choose(name) {
  $("scenario").value = name;
  showScenario();
  closeContacts();
}

// ---- the file

function take(file, id = "") {
  state.file = file;
  $("chosen").textContent = file ? `${file.name}, ${number(file.size)} bytes` : "No file chosen";
  for (const button of $("samples").children) button.setAttribute("aria-pressed", String(button.dataset.sample === id));
}

async function takeSample(id) {
  take(await sample(id), id);
}

function fillSamples() {
  $("samples").append(...SAMPLES.map(({ id, label }) =>
    el("button", { type: "button", class: "plain", "data-sample": id, "aria-pressed": "false", onclick: guarded(() => takeSample(id)) }, label)));
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    if (file) take(file);
    $("file").value = "";
  });
  const drop = $("drop");
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", (event) => { if (!drop.contains(event.relatedTarget)) drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

// ---- request and response

function showRequest(request) {
  $("curl").textContent = curl(request);
  $("body").replaceChildren();
  $("status").replaceChildren();
  $("took").textContent = "";
  $("headers").hidden = true;
  say("", "Waiting for the response …");
}

function showResponse(request, response, note = "") {
  $("status").replaceChildren(chip(response.status));
  $("took").textContent = `${Math.round(response.milliseconds)} ms`;
  const text = response.json === undefined ? response.text : JSON.stringify(response.json, null, 2);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}\n…` : text;
  $("body").replaceChildren(...(response.json === undefined ? [shown] : highlighted(shown)));
  // Those that only browsers need come last.
  const headers = response.headers.toSorted(([one], [other]) => Number(forBrowsers(one)) - Number(forBrowsers(other)));
  $("header-list").replaceChildren(...headers.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  $("headers").hidden = response.headers.length === 0;
  const [kind, sentence] = state.contract.judge(request.operation, response);
  say(kind, [sentence, note].filter(Boolean).join(" "));
  const narrow = matchMedia("(max-width: 1000px)").matches;
  $("exchange").scrollIntoView({ block: narrow ? "start" : "nearest" });
}

const forBrowsers = (name) => name === "vary" || name.startsWith("access-control-");

function say(kind, sentence) {
  $("verdict").className = `verdict ${kind}`;
  $("verdict").textContent = sentence;
}

async function perform(request, { key, until } = {}) {
  const whole = identify(request, key);
  showRequest(whole);
  let response = await send(whole);
  const before = [];
  while (until && response.status !== until && before.length < PATIENCE) {
    before.push(response.status);
    response = await send(whole);
  }
  showResponse(whole, response, before.length ? `Before it: ${counted(before)}.` : "");
  await refresh();
  if (response.status === 200 && response.json?.importId) await openList(response.json.listId);
}

/** Return statuses with how often each came: "10 × 200". */
function counted(statuses) {
  const often = new Map();
  for (const status of statuses) often.set(status, (often.get(status) ?? 0) + 1);
  return [...often].map(([status, count]) => `${count} × ${status || "no response"}`).join(", ");
}

const form = () => ({
  listId: $("list-id").value,
  listName: $("list-name").value,
  duplicateStrategy: $("strategy").value,
  tags: $("tags").value,
});

function fill(fields) {
  const given = { listId: "list_crm_migration", listName: "", duplicateStrategy: state.preset, tags: "", ...fields };
  $("list-id").value = given.listId;
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
  for (const { title, items } of GROUPS) {
    const shown = items.filter(known);
    if (shown.length === 0) continue;
    $("demos").append(el("div", { class: "demo-group", role: "group", "aria-label": title }, el("h3", {}, title), ...shown.map(demoButton)));
  }
}

function demoButton(demo) {
  const mark = demo.status ? chip(demo.status) : el("span", { class: "status" }, "net");
  const button = el("button", { type: "button", class: "demo", "data-demo": demo.id }, mark, el("span", {}, demo.title));
  button.addEventListener("click", guarded(async () => {
    button.setAttribute("aria-busy", "true");
    try {
      await demonstrate(demo);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }));
  return button;
}

async function demonstrate(demo) {
  const forced = !state.scenarios.has(demo.scenario);
  choose(forced ? "default" : demo.scenario);
  if (demo.fresh) await reset();
  const request = await requestOf(demo);
  if (forced && demo.prefer) request.headers = { Prefer: demo.prefer };
  const disarm = demo.fault ? await arm(demo.fault) : () => {};
  try {
    await perform(request, { key: demo.key, until: forced ? undefined : demo.until });
  } finally {
    await disarm();
  }
}

/** Put a fault in force for this account; return what takes it out of force again. */
async function arm(fault) {
  const world = { ...account(), scenario: scenario() };
  const { id } = await control("/faults", { method: "POST", body: { ...world, fault } });
  return () => control(`/faults?${new URLSearchParams({ ...world, id })}`, { method: "DELETE" });
}

async function requestOf(demo) {
  if (demo.quota) return quota();
  if (demo.list) return listing(demo.list, demo.query);
  await takeSample(demo.sample);
  fill(demo.fields);
  return importing(state.file, form());
}

// ---- the account

async function refresh() {
  const { apiKey, session } = account();
  const world = isAdminKey(apiKey) ? await ownWorld(apiKey, session) : null;
  state.lists = world?.lists ?? [];
  showQuota(world?.quota);
  $("known-lists").replaceChildren(...state.lists.map(({ listId, name }) => el("option", { value: listId }, name)));
  $("lists").replaceChildren(...state.lists.map(listButton));
}

async function ownWorld(apiKey, session) {
  const name = scenario();
  // Asking for its clock makes the world if this is the first time that it is needed.
  await control(`/clock?${new URLSearchParams({ apiKey, session, scenario: name })}`);
  const { worlds } = await control("/worlds");
  return worlds.find((one) => one.session === session && one.scenario === name && isMaskOf(one.apiKey, apiKey));
}

function isMaskOf(mask, key) {
  return mask === key || (mask.includes("…") && key.startsWith(mask.slice(0, mask.indexOf("…"))));
}

function showQuota(of) {
  const bar = $("quota");
  bar.max = Math.max(of?.total ?? 1, 1);
  bar.value = of?.used ?? 0;
  bar.classList.toggle("full", Boolean(of) && of.used >= of.total);
  $("quota-text").textContent = of ? `${number(of.used)} of ${number(of.total)} contacts; ${number(Math.max(of.total - of.used, 0))} left` : "No such account.";
}

function listButton({ listId, name, contacts }) {
  const count = contacts === 1 ? "1 contact" : `${number(contacts)} contacts`;
  return el("button", { type: "button", class: "plain", "aria-pressed": String(listId === state.list), onclick: guarded(() => openList(listId)) },
    name || listId, el("small", {}, `${listId} · ${count}`));
}

async function openList(listId, page = 1) {
  const response = await send(identify(listing(listId, { limit: PAGE, page })));
  state.list = listId;
  state.page = page;
  $("contacts").hidden = false;
  const refused = response.status !== 200 || !response.json;
  $("contacts-refused").hidden = !refused;
  if (refused) $("contacts-refused").textContent = response.failure || `${response.status}: ${Object.values(response.json?.data ?? {}).join(" ") || response.json?.message || ""}`;
  const { contacts = [], total = 0, totalPages = 0, hasMore = false } = refused ? {} : response.json;
  $("contact-rows").replaceChildren(...contacts.map(contactRow));
  $("page-text").textContent = total ? `Page ${page} of ${number(totalPages)}` : "No contacts";
  $("previous").disabled = page <= 1;
  $("next").disabled = !hasMore;
  $("lists").replaceChildren(...state.lists.map(listButton));
}

function contactRow({ contactId, name, phoneNumber, email, tags }) {
  return el("tr", {}, el("th", { scope: "row" }, contactId), el("td", {}, name), el("td", {}, phoneNumber), el("td", {}, email ?? ""),
    el("td", {}, ...tags.map((tag) => el("span", { class: "tag" }, tag))));
}

function closeContacts() {
  state.list = null;
  $("contacts").hidden = true;
}

async function reset() {
  const { apiKey, session } = account();
  if (isAdminKey(apiKey)) await control("/reset", { method: "POST", body: { apiKey, session, scenario: scenario() } });
  closeContacts();
}

// ---- putting it together

/** Return a listener whose action waits for those before it, and that shows what went wrong. */
function guarded(action) {
  return (event) => {
    event?.preventDefault();
    state.waiting += 1;
    state.turn = state.turn.then(async () => {
      notice("");
      try {
        await action();
      } catch (error) {
        notice(error.message);
      } finally {
        state.waiting -= 1;
      }
    });
    return state.turn;
  };
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = text === "";
}

async function load() {
  const [document_, { scenarios, default: preset }] = await Promise.all([
    fetch("/openapi.json").then((response) => response.json()),
    control("/scenarios"),
  ]);
  state.contract = new Contract(document_);
  const strategy = state.contract.choices("uploadVCard", "duplicateStrategy");
  state.preset = strategy.preset;
  $("strategy").append(...strategy.values.map((value) => el("option", {}, value)));
  $("strategy").value = strategy.preset;
  state.scenarios = new Map(scenarios.map((one) => [one.name, one]));
  $("scenario").append(...scenarios.map(({ name, valid }) => el("option", { value: name, disabled: !valid }, name)));
  choose(preset);
  fillDemonstrations();
  await refresh();
  await showCoverage();
}

function listen() {
  const anew = guarded(async () => { showScenario(); closeContacts(); await refresh(); });
  for (const id of ["scenario", "key", "session"]) $(id).addEventListener("change", anew);
  $("reset").addEventListener("click", guarded(async () => {
    await reset();
    await refresh();
    $("reset-done").textContent = "The account is as at the start of its scenario.";
    setTimeout(() => { $("reset-done").textContent = ""; }, 4000);
  }));
  $("coverage-anew").addEventListener("click", guarded(async () => {
    await control("/coverage", { method: "DELETE" });
    await showCoverage();
  }));
  $("import").addEventListener("submit", guarded(() => perform(importing(state.file, form()))));
  $("ask-quota").addEventListener("click", guarded(() => perform(quota())));
  $("previous").addEventListener("click", guarded(() => openList(state.list, state.page - 1)));
  $("next").addEventListener("click", guarded(() => openList(state.list, state.page + 1)));
  for (const id of ["curl", "body"]) copyable($(id).parentElement);
}

fillSamples();
listen();
await guarded(load)();
document.body.dataset.ready = "true";
watchJournal((kind) => {
  coverageChanged();
  if (kind !== "request" && state.waiting === 0 && state.contract) refresh().catch(() => {});
});
