// What the contract says of a response, in a sentence for people.

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

  /** Return the documented statuses of every operation: operation, status and description. */
  statuses() {
    return [...this.operations].flatMap(([operation, node]) => Object.entries(node.responses)
      .map(([status, response]) => ({ operation, status: Number(status), description: this.#resolve(response).description ?? "" }))
      .filter(({ status }) => status));
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
    if (response.cut) return ["kept", `A documented response: ${response.status}. ${response.failure}`];
    if (response.failure) return ["broken", `${response.status}. ${response.failure}`];
    const examples = Object.entries(documented.content?.["application/json"]?.examples ?? {})
      .map(([name, node]) => [name, this.#resolve(node).value]);
    const same = examples.find(([, value]) => canonical(value) === canonical(response.json));
    if (same) return ["kept", `Exactly the documented response: ${response.status}, example ${same[0]}.`];
    const alike = examples.find(([, value]) => figureless(value) === figureless(response.json));
    if (alike) return ["kept", `The documented response with this account’s figures: ${response.status}, example ${alike[0]}.`];
    const begun = examples.find(([, value]) => beginsLike(response.json, value));
    if (begun) return ["kept", `The documented response, with a hint of the sandbox: ${response.status}, example ${begun[0]}.`];
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

/** Whether a refusal gives the documented reasons, and says more after them. */
function beginsLike(found, documented) {
  const [reasons, expected] = [found?.data ?? {}, documented?.data ?? {}];
  const fields = Object.keys(expected);
  return fields.length > 0 && fields.length === Object.keys(reasons).length
    && fields.every((field) => typeof expected[field] === "string" && String(reasons[field] ?? "").startsWith(expected[field]));
}

const figureless = (value) => canonical(value).replace(/\d+/g, "0");
