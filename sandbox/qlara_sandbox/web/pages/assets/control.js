// The control API under /__admin: calls, the token if it asks for one, and the stream of events.

const BASE = "/__admin";
let token = sessionStorage.getItem("token") ?? "";
let asking = null;

/** Call the control API; the JSON of the response. Throws an Error that can be shown. */
export async function control(path, { method = "GET", body } = {}) {
  const response = await reach(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(Object.values(json.data ?? {}).join(" ") || `${path}: ${response.status}`);
  return json;
}

async function reach(path, options) {
  for (;;) {
    const used = token;
    const headers = { ...options.headers, ...(used ? { Authorization: `Bearer ${used}` } : {}) };
    const response = await fetch(BASE + path, { ...options, headers, cache: "no-store" });
    if (response.status !== 401) return response;
    if (token === used) {
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
      input.value = "";
      resolve(given);
    }, { once: true });
  });
}

/** Follow the events for ever; `told` gets kind and data, `live` whether the stream is up. */
export async function follow(told, live) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      const response = await reach("/events", { headers: { Accept: "text/event-stream" } });
      if (!response.ok) throw new Error(String(response.status));
      live(true);
      wait = 250;
      for await (const [kind, data] of events(response.body)) told(kind, data);
    } catch {
      // The server went away, or will not tell: try again, ever more slowly.
    }
    live(false);
    await new Promise((resolve) => { setTimeout(resolve, wait); });
  }
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    waiting += value;
    const blocks = waiting.split("\n\n");
    waiting = blocks.pop();
    for (const block of blocks) {
      const kind = /^event: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (kind && data) yield [kind, JSON.parse(data)];
    }
  }
}
