// One request to the API and its answer: how it is written as curl, sent, and held against the contract.

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

/** Send a request. A broken answer has `failure`, with what there was of it. */
export async function send({ method, path, headers, form }) {
  let body;
  if (form) {
    body = new FormData();
    if (form.file) body.append("file", form.file, form.file.name);
    for (const [name, value] of form.fields) body.append(name, value);
  }
  const began = performance.now();
  const answer = { status: 0, headers: [], text: "", json: undefined, failure: "" };
  try {
    const response = await fetch(path, { method, headers, body, cache: "no-store" });
    answer.status = response.status;
    answer.headers = [...response.headers];
    answer.text = await response.text();
    answer.json = JSON.parse(answer.text);
  } catch (error) {
    if (!answer.status) answer.failure = "The connection broke before an answer came.";
    else if (!(error instanceof SyntaxError)) answer.failure = "The connection broke in the middle of the answer.";
    else if (answer.text) answer.failure = "The answer is not JSON.";
  }
  answer.milliseconds = performance.now() - began;
  return answer;
}

/** The documented answers, by operation and status, read from the contract. */
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

  /** Return what the contract says of an answer: a kind, and a sentence for people. */
  judge(operation, answer) {
    if (!answer.status) return ["broken", answer.failure];
    const response = this.#resolve(this.operations.get(operation).responses[String(answer.status)]);
    if (!response) return ["other", `${answer.status} is not in the contract: a fault, or a bug.`];
    if (answer.failure) return ["broken", `${answer.status}, but: ${answer.failure}`];
    const examples = Object.entries(response.content?.["application/json"]?.examples ?? {})
      .map(([name, node]) => [name, this.#resolve(node).value]);
    const same = examples.find(([, value]) => canonical(value) === canonical(answer.json));
    if (same) return ["kept", `Word for word the documented answer: ${answer.status}, example ${same[0]}.`];
    const alike = examples.find(([, value]) => figureless(value) === figureless(answer.json));
    if (alike) return ["kept", `The documented answer with this account’s figures: ${answer.status}, example ${alike[0]}.`];
    return ["kept", `A documented answer: ${answer.status}. ${summed(answer.json?.summary) ?? response.description}`];
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
  return `Of ${total} ${total === 1 ? "card" : "cards"}: ${imported} imported, ${skipped} skipped; ${duplicates} duplicates, ${errors} errors.`;
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value && typeof value === "object") {
    return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
  }
  return JSON.stringify(value);
}

const figureless = (value) => canonical(value).replace(/\d+/g, "0");
