// Entries of the journal: which of them are meant, and how one is sent again.

/** What a browser or a client sets by itself: it is not repeated with the request. */
const OWN = /^(host|connection|keep-alive|user-agent|accept(-.*)?|content-length|transfer-encoding|te|trailer|upgrade|expect|origin|referer|cookie|authorization|pragma|cache-control|priority|dnt|sec-.*|x-sandbox-console)$/;
const SPELLING = new Map([
  ["x-api-key", "X-Api-Key"],
  ["x-sandbox-scenario", "X-Sandbox-Scenario"],
  ["x-sandbox-session", "X-Sandbox-Session"],
  ["prefer", "Prefer"],
  ["content-type", "Content-Type"],
]);
const SEARCHED_OF_A_BODY = 4000;
export const UNKNOWN_KEY = "unknown-key";

export const statusOf = (entry) => entry.answer?.status ?? 0;

/** Whether a key may be the one that the journal shows as `mask`. */
export const isMaskOf = (mask, key) => mask === key || (mask?.includes("…") === true && key.startsWith(mask.slice(0, mask.indexOf("…"))) && key.endsWith(mask.slice(mask.indexOf("…") + 1)));

/** Whether an entry is of this account; of keys that are masked alike, it cannot tell. */
export const isOf = (entry, { apiKey, session, scenario }) =>
  entry.session === session && entry.scenario === scenario && isMaskOf(entry.apiKey, apiKey);

/** Whether filters mean an entry: `status` like 409, 4xx or 0, `operation`, `key` as the journal shows it, `text`. */
export function matches(entry, { status = "", operation = "", key = "", text = "" }) {
  const found = statusOf(entry);
  return (status === "" || String(found) === status || (status.endsWith("xx") && String(found)[0] === status[0] && found > 99))
    && (operation === "" || (entry.operation ?? entry.request.path) === operation)
    && (key === "" || (entry.apiKey ?? "none") === key)
    && text.toLowerCase().split(/\s+/).every((word) => searched(entry).includes(word));
}

const texts = new WeakMap();

function searched(entry) {
  let text = texts.get(entry);
  if (text === undefined) {
    const { request, answer } = entry;
    text = [
      entry.id, entry.operation, entry.scenario, entry.session, entry.apiKey, entry.traceId, ...(entry.faults ?? []),
      request.method, request.path, request.query, statusOf(entry) || "no response",
      ...Object.entries(request.headers).flat(),
      ...Object.entries(request.form?.fields ?? {}).flat(), request.form?.file?.name,
      (request.form?.file?.head ?? request.body ?? "").slice(0, SEARCHED_OF_A_BODY),
      (answer?.body ?? "").slice(0, SEARCHED_OF_A_BODY),
    ].filter(Boolean).join(" ").toLowerCase();
    texts.set(entry, text);
  }
  return text;
}

/**
 * Return the request of an entry, for it to be sent again, and what is not as it was (`notes`). The journal masks
 * keys: the one of the page stands in. It keeps the beginning of a file; `file` is what is known of it otherwise.
 */
export function requestOf(entry, key, file = null) {
  const { request } = entry;
  const notes = [];
  const headers = {};
  const isForm = request.form !== undefined;
  for (const [name, value] of Object.entries(request.headers)) {
    if (OWN.test(name) || (isForm && name === "content-type") || name === "x-api-key") continue;
    headers[SPELLING.get(name) ?? name] = value;
  }
  if (entry.apiKey !== null) {
    const known = keyOf(entry, key);
    headers["X-Api-Key"] = known;
    if (known === key && !isMaskOf(entry.apiKey, key)) notes.push(`The journal shows the key as ${entry.apiKey}; the one of this page stands in for it.`);
    // A key can name a scenario: that of another may not.
    if (entry.scenario) headers["X-Sandbox-Scenario"] = entry.scenario;
  }
  const again = { operation: entry.operation, method: request.method, path: request.path + (request.query ? `?${request.query}` : ""), headers };
  if (isForm) {
    const sent = request.form.file;
    const known = sent && (whole(sent) ?? (file?.name === sent.name && file.size === sent.bytes ? file : null));
    if (sent && !known) notes.push(`The journal has the first ${sent.head.length} characters of ${sent.name}; choose the file itself to send it again.`);
    again.form = { file: known ?? (sent ? { name: sent.name } : null), fields: Object.entries(request.form.fields ?? {}) };
    again.complete = !sent || known !== null;
  } else {
    again.body = request.body || undefined;
    again.complete = !request.body || byteLength(request.body) === request.bodyBytes;
    if (!again.complete) notes.push("The journal has only the beginning of the body.");
  }
  return { ...again, notes };
}

function keyOf({ apiKey }, key) {
  if (apiKey === "YOUR_API_KEY") return apiKey;
  return apiKey === "…" ? UNKNOWN_KEY : key;
}

const byteLength = (text) => new TextEncoder().encode(text).length;

/** Return a file that the journal has in full, and that was text. */
function whole({ name, bytes, head }) {
  if (head.includes("\ufffd") || byteLength(head) !== bytes) return null;
  return Object.assign(new File([head], name, { type: "text/vcard" }), { content: head });
}

/** Return the response of an entry as one that has just come. */
export function responseOf(entry) {
  const { answer } = entry;
  const response = {
    id: entry.id, status: answer?.status ?? 0, headers: Object.entries(answer?.headers ?? {}), text: answer?.body ?? "",
    json: undefined, failure: answer ? "" : "The connection broke before a response came.", milliseconds: entry.milliseconds,
  };
  if (answer && byteLength(response.text) < answer.bodyBytes) {
    response.failure = `The journal keeps the first ${response.text.length} characters of this body.`;
    response.cut = true;
    return response;
  }
  try {
    response.json = JSON.parse(response.text);
  } catch {
    if (response.text) response.failure = "The response is not JSON.";
  }
  return response;
}
