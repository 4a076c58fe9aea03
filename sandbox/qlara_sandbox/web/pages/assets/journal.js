// The journal as it grows: one line per request, with the whole exchange behind it.

import { chip, el, highlighted } from "./dom.js";
import { control, follow } from "./control.js";

const KEPT = 100;
const box = document.getElementById("journal");
const empty = document.getElementById("journal-empty");
const live = document.getElementById("live");
let newest = "";

/** Show the journal and keep it up to date; `changed` is called when a world may have changed. */
export async function watchJournal(changed) {
  follow(
    (kind, data) => {
      if (kind === "request") add(data, true);
      if (kind === "lagged") catchUp();
      changed(kind, data);
    },
    (up) => {
      live.textContent = up ? "live" : "connecting …";
      if (up) catchUp();
    },
  );
}

async function catchUp() {
  try {
    const { requests } = await control(`/requests?limit=${newest ? KEPT : 30}${newest ? `&since=${newest}` : ""}`);
    for (const entry of requests.reverse()) add(entry, newest !== "");
  } catch {
    live.textContent = "not readable";
  }
}

function add(entry, fresh) {
  if (document.getElementById(`entry-${entry.id}`)) return;
  if (entry.id > newest) newest = entry.id;
  empty.hidden = true;
  box.prepend(line(entry, fresh));
  while (box.childElementCount > KEPT) box.lastElementChild.remove();
}

function line(entry, fresh) {
  const status = entry.answer?.status ?? 0;
  const details = el("details", { class: fresh ? "entry new" : "entry", id: `entry-${entry.id}` },
    el("summary", {},
      el("time", { datetime: entry.at }, new Date(entry.at).toLocaleTimeString("en-GB")),
      status ? chip(status) : el("span", { class: "status s-" }, "–"),
      el("span", { class: "verb" }, entry.request.method),
      el("span", { class: "path" }, entry.operation ?? entry.request.path,
        el("span", { class: "quiet" }, ` ${[entry.scenario, entry.session, ...new Set(entry.faults ?? [])].filter(Boolean).join(" · ")}`)),
      el("span", { class: "ms" }, `${entry.milliseconds.toFixed(entry.milliseconds < 10 ? 1 : 0)} ms`)));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector("pre")) {
      const text = JSON.stringify(readable(entry), null, 2);
      details.append(el("pre", { tabindex: "0", "aria-label": "The whole exchange" }, el("code", {}, ...highlighted(text))));
    }
  }, { once: true });
  return details;
}

/** A response's body that is JSON reads better as such. */
function readable(entry) {
  try {
    return { ...entry, answer: { ...entry.answer, body: JSON.parse(entry.answer.body) } };
  } catch {
    return entry;
  }
}
