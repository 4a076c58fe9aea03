// What of the contract requests from elsewhere have met, and what never: a mark for each item.

import { el } from "./dom.js";
import { control } from "./control.js";
import { number } from "./samples.js";

const LABELS = {
  status: "Statuses",
  parameter: "Parameters",
  field: "Form fields",
  example: "Error examples",
  reason: "Card errors",
  scenario: "Scenarios",
};
const PAUSE = 1000;
const $ = (id) => document.getElementById(id);
let waiting = null;

/** Show the coverage as it is now. */
export async function showCoverage() {
  const found = await control("/coverage");
  $("coverage").max = Math.max(found.total, 1);
  $("coverage").value = found.met;
  $("coverage-text").textContent = `${number(found.met)} of ${counted(found.total, "item")} met, in ${counted(found.requests, "request")}.`;
  const operations = found.items.filter((item) => item.kind === "operation");
  $("coverage-groups").replaceChildren(
    ...operations.map((operation) => group(operation.name, operation.requests, found.items.filter((item) => item.operation === operation.name && item.kind !== "operation"))),
    group("", null, found.items.filter((item) => item.kind === "scenario")),
    ...(found.undocumented.length ? [undocumented(found.undocumented)] : []),
  );
}

/** Show it again soon; however often this is called, once a second at most. */
export function coverageChanged() {
  waiting ??= setTimeout(() => {
    waiting = null;
    showCoverage().catch(() => {});
  }, PAUSE);
}

const counted = (count, one) => `${number(count)} ${count === 1 ? one : `${one}s`}`;

function group(name, requests, items) {
  const rows = new Map();
  for (const item of items) {
    const label = item.kind === "value" ? item.name.slice(0, item.name.indexOf("=")) : LABELS[item.kind];
    rows.set(label, [...(rows.get(label) ?? []), item]);
  }
  return el("div", { class: "covered" },
    name ? el("h3", {}, name, " ", el("span", { class: "quiet" }, requests ? counted(requests, "request") : "never called")) : [],
    el("dl", {}, ...[...rows].flatMap(([label, of]) => [el("dt", {}, label), el("dd", {}, ...of.map(mark))])));
}

function mark({ kind, name, requests }) {
  const shown = kind === "value" ? name.slice(name.indexOf("=") + 1) : name;
  return el("span", { class: requests ? "item met" : "item" }, shown,
    el("span", { class: "sr" }, requests ? `, ${counted(requests, "request")}` : ", never met"),
    requests ? el("small", { "aria-hidden": "true" }, number(requests)) : []);
}

function undocumented(outcomes) {
  return el("div", { class: "covered" }, el("dl", {}, el("dt", {}, "Not in the contract"),
    el("dd", {}, ...outcomes.map(({ operation, outcome, requests }) => mark({ name: `${operation} ${outcome}`, requests })))));
}
