// A client that handles every act: Node.js, with fetch and nothing else.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

const { QLARA_BASE_URL, QLARA_API_KEY, QLARA_FILE } = process.env;
const LIST_ID = process.env.QLARA_LIST_ID ?? "";
const LIST_NAME = process.env.QLARA_LIST_NAME ?? "";
const STRATEGY = process.env.QLARA_STRATEGY || "SKIP";
const ATTEMPTS = 4;
const TIMEOUT = 30_000;
const FIRST_PAUSE = 300;
const PAGE_SIZE = 100;
const TEMPORARY = new Set([429, 502, 503, 504]);

class Refused extends Error {
  constructor(status, text, retryAfter) {
    super(`${status}: ${text.slice(0, 300)}`);
    this.isTemporary = TEMPORARY.has(status);
    this.retryAfter = retryAfter;
  }
}

class Lost extends Error {
  isTemporary = true;
}

async function send(path, options = {}) {
  let response, text;
  try {
    response = await fetch(QLARA_BASE_URL + path, {
      ...options,
      headers: { "X-Api-Key": QLARA_API_KEY },
      signal: AbortSignal.timeout(TIMEOUT),
    });
    text = await response.text();
  } catch (error) {
    throw new Lost(error.cause?.message ?? error.message);
  }
  if (response.status !== 200) {
    const told = response.headers.get("Retry-After") ?? "";
    throw new Refused(response.status, text, /^\d+$/.test(told) ? Number(told) * 1000 : undefined);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Lost("half a response");
  }
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function untilItSucceeds(attempt, hasHappened = async () => false) {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (number === ATTEMPTS || !error.isTemporary) throw error;
      await sleep(error.retryAfter ?? FIRST_PAUSE * 2 ** (number - 1));
      if (error instanceof Lost && (await hasHappened())) return undefined;
    }
  }
}

function upload(content) {
  const form = new FormData();
  form.set("file", new Blob([content], { type: "text/vcard" }), basename(QLARA_FILE));
  if (LIST_NAME) form.set("listName", LIST_NAME);
  else form.set("listId", LIST_ID);
  form.set("duplicateStrategy", STRATEGY);
  return send("/api/partner-gateway/v1/contacts/upload/vcard", { method: "POST", body: form });
}

const page = (listId, number, limit) =>
  untilItSucceeds(() =>
    send(
      `/api/partner-gateway/v1/contacts/list/${encodeURIComponent(listId)}/contacts` +
        `?page=${number}&limit=${limit}`,
    ),
  );

async function importFile() {
  const content = await readFile(QLARA_FILE);
  if (STRATEGY !== "DUPLICATE" || !LIST_ID) return untilItSucceeds(() => upload(content));
  const before = (await page(LIST_ID, 1, 1)).total;
  const hasGrown = async () => (await page(LIST_ID, 1, 1)).total > before;
  return untilItSucceeds(() => upload(content), hasGrown);
}

async function readList(listId) {
  const contacts = [];
  for (let number = 1, more = true; more; number += 1) {
    const shown = await page(listId, number, PAGE_SIZE);
    contacts.push(...shown.contacts);
    more = shown.hasMore;
  }
  return contacts;
}

try {
  const report = await importFile();
  const contacts = await readList(report?.listId ?? LIST_ID);
  console.log(`${report?.summary.imported ?? "all"} imported, ${contacts.length} in the list`);
  for (const { line, name, reason } of report?.errors ?? []) {
    console.log(`line ${line}: ${name}: ${reason}`);
  }
} catch (error) {
  console.error(`import failed: ${error.message}`);
  process.exitCode = 1;
}
