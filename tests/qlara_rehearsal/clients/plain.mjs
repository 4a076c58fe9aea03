// A client of Node.js in few lines: fetch, and a decision each that a wrong client makes otherwise.
import { readFile } from "node:fs/promises";

export const told = process.env;
const UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard";

export const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Whether a request is worth another attempt: `status` is 0 if there was no whole response. */
const isTemporary = (status) => [0, 429, 502, 503, 504].includes(status);

export const right = {
  attempts: 4,
  strategy: told.QLARA_STRATEGY || "SKIP",
  isTemporary,
  isRefused: (status) => status !== 200,
  pause: (attempt, retryAfter) => retryAfter ?? 0.3 * 2 ** (attempt - 1),
  hasMore: (page) => page.hasMore,
  parse: (text) => JSON.parse(text),
  exitCode: (report) => (report.errors.length ? 3 : 0),
  tell: (report) => {
    for (const each of report.errors) console.log(`line ${each.line}: ${each.name}: ${each.reason}`);
  },
};

async function send(how, path, options = {}) {
  let response, text;
  try {
    response = await fetch(told.QLARA_BASE_URL + path, {
      ...options,
      headers: { "X-Api-Key": told.QLARA_API_KEY },
      signal: AbortSignal.timeout(30_000),
    });
    text = await response.text();
    if (!how.isRefused(response.status)) return how.parse(text);
  } catch (error) {
    throw Object.assign(new Error(error.cause?.message ?? error.message), { status: 0 });
  }
  const seconds = Number(response.headers.get("Retry-After") ?? undefined);
  throw Object.assign(new Error(`${response.status}: ${text.slice(0, 300)}`), {
    status: response.status,
    retryAfter: Number.isNaN(seconds) ? undefined : seconds,
  });
}

async function untilItSucceeds(how, attempt) {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (number === how.attempts || !how.isTemporary(error.status)) throw error;
      await sleep(how.pause(number, error.retryAfter));
    }
  }
}

async function upload(how) {
  const form = new FormData();
  form.set("file", new Blob([await readFile(told.QLARA_FILE)]), "contacts.vcf");
  if (told.QLARA_LIST_NAME) form.set("listName", told.QLARA_LIST_NAME);
  else form.set("listId", told.QLARA_LIST_ID);
  form.set("duplicateStrategy", how.strategy);
  return send(how, UPLOAD, { method: "POST", body: form });
}

async function readList(how, listId) {
  const where = `/api/partner-gateway/v1/contacts/list/${encodeURIComponent(listId)}/contacts`;
  const contacts = [];
  for (let number = 1, more = true; more; number += 1) {
    const page = await untilItSucceeds(how, () => send(how, `${where}?page=${number}&limit=100`));
    contacts.push(...page.contacts);
    more = how.hasMore(page);
  }
  return contacts;
}

/** Import the file and read the list, with the decisions of `right` and those given in their place. */
export async function run(others = {}) {
  const how = { ...right, ...others };
  try {
    const report = await untilItSucceeds(how, () => upload(how));
    const contacts = await readList(how, report.listId);
    console.log(`${report.summary.imported} imported, ${contacts.length} in the list`);
    how.tell(report);
    process.exitCode = how.exitCode(report);
  } catch (error) {
    console.error(`import failed: ${error.message}`);
    process.exitCode = 1;
  }
}
