// One request to the API and its response: how it is built and sent.

export const PATHS = {
  uploadVCard: "/api/partner-gateway/v1/contacts/upload/vcard",
  listContacts: "/api/partner-gateway/v1/contacts/list/{listId}/contacts",
  getContactQuota: "/api/v1/partner-gateway/subscription/contacts",
};

/** Return the request of an import; `fields` without those that are empty. */
export function importing(file, fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== "");
  return { operation: "uploadVCard", method: "POST", path: PATHS.uploadVCard, headers: {}, form: { file, fields: given } };
}

/** Return the request of one page of a list. */
export function listing(listId, query) {
  const path = PATHS.listContacts.replace("{listId}", encodeURIComponent(listId));
  return { operation: "listContacts", method: "GET", path: `${path}?${new URLSearchParams(query)}`, headers: {} };
}

/** Return the request of the quota. */
export const quota = () => ({ operation: "getContactQuota", method: "GET", path: PATHS.getContactQuota, headers: {} });

/**
 * Send a request. A broken response has `failure`, with what there was of it. `progress` gets how many bytes of how
 * many are sent, which `fetch` does not tell; `signal` ends it.
 */
export async function send(request, { progress = () => {}, signal = null } = {}) {
  const response = { id: "", status: 0, headers: [], text: "", json: undefined, failure: "" };
  const began = performance.now();
  if (signal?.aborted) response.failure = "Stopped before it was sent.";
  else await transfer(request, response, progress, signal);
  response.milliseconds = performance.now() - began;
  response.id = response.headers.find(([name]) => name === "x-request-id")?.[1] ?? "";
  if (response.failure) return response;
  try {
    response.json = JSON.parse(response.text);
  } catch {
    if (response.text) response.failure = "The response is not JSON.";
  }
  return response;
}

function transfer({ method, path, headers, form, body }, response, progress, signal) {
  const call = new XMLHttpRequest();
  const stop = () => call.abort();
  return new Promise((resolve) => {
    const ended = (failure) => () => {
      response.failure = response.failure || failure;
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    call.open(method, path);
    call.responseType = "text";
    for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
    // Marked, so that what a person tries here does not count as met by a test run.
    call.setRequestHeader("X-Sandbox-Console", "1");
    call.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded, total));
    call.addEventListener("readystatechange", () => {
      if (call.readyState !== XMLHttpRequest.HEADERS_RECEIVED) return;
      response.status = call.status;
      response.headers = call.getAllResponseHeaders().trim().split("\r\n").filter(Boolean).map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      });
    });
    // What has come of a response that breaks off is told while it comes, and no longer afterwards.
    call.addEventListener("progress", () => { response.text = call.responseText; });
    call.addEventListener("load", () => { response.text = call.responseText; });
    call.addEventListener("load", ended(""));
    call.addEventListener("error", () => ended(response.status
      ? "The connection broke in the middle of the response."
      : "The connection broke before a response came.")());
    call.addEventListener("abort", ended("Stopped: the sandbox may have carried it out all the same."));
    signal?.addEventListener("abort", stop);
    call.send(form ? formData(form) : body);
  });
}

function formData({ file, fields }) {
  const data = new FormData();
  if (file) data.append("file", file, file.name);
  for (const [name, value] of fields) data.append(name, value);
  return data;
}
