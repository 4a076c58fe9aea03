// The control API under /__admin: calls, the token if it asks for one, and the stream of events.

const BASE = "/__admin";
const REASONS = 3;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 2000;
// The sandbox says something every 15 seconds; a stream that is silent for longer than this is dead.
const SILENCE = 40_000;
// A browser keeps six connections to a host: a tab that nobody sees gives its own back.
const HIDDEN = 10_000;

let token = sessionStorage.getItem("token") ?? "";
let asking = null;
let declined = false;
let askedAgain = () => {};

/** The token was asked for and not given. */
export class NoToken extends Error {
  constructor() {
    super("Without the admin token, this page can show and arrange nothing.");
  }
}

/** Call the control API; the JSON of the response. Throws an Error that can be shown. */
export async function control(path, { method = "GET", body } = {}) {
  const response = await reach(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await response.json().catch(() => ({}));
  if (response.status === 401) throw new NoToken();
  if (!response.ok) throw new Error(reasonOf(json.data) || `${path}: ${response.status}`);
  return json;
}

/** Call the control API for something that is to be saved; its text. */
export async function text(path) {
  const response = await reach(path, {});
  if (response.status === 401) throw new NoToken();
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

/** Return the first reasons of a refusal, each with its field. */
function reasonOf(data) {
  const reasons = Object.entries(data ?? {}).map(([field, reason]) => `${field}: ${reason}`);
  return [...reasons.slice(0, REASONS), ...(reasons.length > REASONS ? [`And ${reasons.length - REASONS} more.`] : [])].join(" ");
}

async function reach(path, options) {
  for (;;) {
    const used = token;
    const headers = { ...options.headers, ...(used ? { Authorization: `Bearer ${used}` } : {}) };
    const response = await fetch(BASE + path, { ...options, headers, cache: "no-store" })
      .catch(() => { throw new Error("The sandbox cannot be reached."); });
    if (response.status !== 401) return response;
    if (token === used) {
      if (declined) return response;
      asking ??= askForToken(used !== "").finally(() => { asking = null; });
      if (!(await asking)) return response;
    }
  }
}

function askForToken(wrong) {
  const dialog = document.getElementById("ask-token");
  const input = document.getElementById("token");
  document.getElementById("token-refused").hidden = !wrong;
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "ok" && input.value !== "";
      if (given) {
        token = input.value;
        sessionStorage.setItem("token", token);
      }
      declined = !given;
      input.value = "";
      resolve(given);
    }, { once: true });
  });
}

/** Let the token be asked for once more. */
export function askAgain() {
  declined = false;
  askedAgain();
}

/**
 * Follow the events for ever. `told` gets kind, data and the run of the
 * sandbox that tells; `changed` gets how the stream is: "up", "down" while
 * the sandbox cannot be reached, "locked" as long as the token is not given, "resting" in a hidden tab.
 */
export async function follow(told, changed) {
  let last = "";
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    await visible();
    const end = new AbortController();
    const rest = whenHidden(() => end.abort());
    try {
      const resumed = last ? { "Last-Event-ID": last } : {};
      const response = await reach("/events", { headers: { Accept: "text/event-stream", ...resumed }, signal: end.signal });
      if (response.status === 401) {
        changed("locked");
        await new Promise((resolve) => { askedAgain = resolve; });
        continue;
      }
      if (!response.ok) throw new Error(String(response.status));
      pause = FIRST_PAUSE / 2;
      changed("up");
      for await (const { id, kind, data } of events(response.body, () => end.abort())) {
        last = id ?? last;
        told(kind, data, last.slice(0, last.lastIndexOf("-")));
      }
    } catch {
      // The sandbox has gone, or the tab rests.
    } finally {
      rest();
    }
    if (document.hidden) {
      changed("resting");
      continue;
    }
    changed("down");
    await new Promise((resolve) => { setTimeout(resolve, pause); });
  }
}

async function visible() {
  while (document.hidden) {
    await new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, { once: true }); });
  }
}

function whenHidden(action) {
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(action, HIDDEN);
  };
  document.addEventListener("visibilitychange", look);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

async function* events(stream, giveUp) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const timer = setTimeout(giveUp, SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    waiting += value;
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      const [id, kind, data] = ["id", "event", "data"].map(field);
      if (kind && data) yield { id, kind, data: JSON.parse(data) };
    }
  }
}
