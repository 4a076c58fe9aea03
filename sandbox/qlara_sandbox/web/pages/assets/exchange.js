// One request to the API and its response: how it is written as curl, sent, and held against the contract.

export const PATHS = {
  uploadVCard: "/api/partner-gateway/v1/contacts/upload/vcard",
  listContacts: "/api/partner-gateway/v1/contacts/list/{listId}/contacts",
  getContactQuota: "/api/v1/partner-gateway/subscription/contacts",
};
const DOCUMENTED_KEY = "YOUR_API_KEY";

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

const quoted = (text) => (/^[\w@%+=:,./ $?&-]*$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`);

/** Return the request as a curl command; a key that is not the documented one is not shown. */
export function curl({ method, path, headers, form }) {
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}${quoted(location.origin + path)}`];
  for (const [name, value] of Object.entries(headers)) {
    const shown = name === "X-Api-Key" && value !== DOCUMENTED_KEY ? "$API_KEY" : value;
    lines.push(`-H ${shown === "$API_KEY" ? `"${name}: ${shown}"` : quoted(`${name}: ${value}`.replaceAll("$", "\\$"))}`);
  }
  if (form?.file) lines.push(`-F ${quoted(`file=@${form.file.name}`)}`);
  for (const [name, value] of form?.fields ?? []) lines.push(`-F ${quoted(`${name}=${value}`)}`);
  return lines.join(" \\\n  ");
}

/** Send a request. A broken response has `failure`, with what there was of it. */
export async function send({ method, path, headers, form }) {
  let body;
  if (form) {
    body = new FormData();
    if (form.file) body.append("file", form.file, form.file.name);
    for (const [name, value] of form.fields) body.append(name, value);
  }
  const began = performance.now();
  const response = { status: 0, headers: [], text: "", json: undefined, failure: "" };
  try {
    // Marked, so that what a person tries here does not count as met by a test run.
    const marked = { ...headers, "X-Sandbox-Console": "1" };
    const received = await fetch(path, { method, headers: marked, body, cache: "no-store" });
    response.status = received.status;
    response.headers = [...received.headers];
    response.text = await received.text();
    response.json = JSON.parse(response.text);
  } catch (error) {
    if (!response.status) response.failure = "The connection broke before a response came.";
    else if (!(error instanceof SyntaxError)) response.failure = "The connection broke in the middle of the response.";
    else if (response.text) response.failure = "The response is not JSON.";
  }
  response.milliseconds = performance.now() - began;
  return response;
}

/** The documented responses, by operation and status, read from the contract. */
export class Contract {
  constructor(document) {
    this.root = document;
    this.operations = new Map();
    for (const item of Object.values(document.paths)) {
      for (const node of Object.values(item)) {
        if (node.operationId) this.operations.set(node.operationId, node);
      }
    }
  }

  /** Return the values of a form's field that are allowed, and its default. */
  choices(operation, field) {
    const body = this.#resolve(this.operations.get(operation).requestBody);
    const node = this.#resolve(this.#resolve(body.content["multipart/form-data"].schema).properties[field]);
    return { values: node.enum, preset: node.default };
  }

  /** Return what the contract says of a response: a kind, and a sentence for people. */
  judge(operation, response) {
    if (!response.status) return ["broken", response.failure];
    const documented = this.#resolve(this.operations.get(operation).responses[String(response.status)]);
    if (!documented) return ["other", `${response.status} is not in the contract: a fault, or a bug.`];
    if (response.failure) return ["broken", `${response.status}. ${response.failure}`];
    const examples = Object.entries(documented.content?.["application/json"]?.examples ?? {})
      .map(([name, node]) => [name, this.#resolve(node).value]);
    const same = examples.find(([, value]) => canonical(value) === canonical(response.json));
    if (same) return ["kept", `Exactly the documented response: ${response.status}, example ${same[0]}.`];
    const alike = examples.find(([, value]) => figureless(value) === figureless(response.json));
    if (alike) return ["kept", `The documented response with this account’s figures: ${response.status}, example ${alike[0]}.`];
    return ["kept", `A documented response: ${response.status}. ${summed(response.json?.summary) ?? documented.description}`];
  }

  #resolve(node) {
    let found = node;
    while (found?.$ref) {
      found = found.$ref.slice(2).split("/")
        .reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], this.root);
    }
    return found;
  }
}

/** Return the figures of an import as a sentence. */
function summed(summary) {
  if (!summary) return undefined;
  const { total, imported, duplicates, errors, skipped } = summary;
  const counted = (count, one) => `${count} ${count === 1 ? one : `${one}s`}`;
  return `Of ${counted(total, "card")}: ${imported} imported, ${skipped} skipped; ${counted(duplicates, "duplicate")}, ${counted(errors, "error")}.`;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
  }
  return JSON.stringify(value);
}

const figureless = (value) => canonical(value).replace(/\d+/g, "0");
