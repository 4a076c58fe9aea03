// Import a vCard file into a list, read the list back, and read the quota.
//
// Usage: node import_contacts.js FILE LIST_ID [SKIP|UPDATE|DUPLICATE]
// Environment: QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT in seconds (default: 30)
// Needs Node.js 20 or newer, and no packages.

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type Strategy = "SKIP" | "UPDATE" | "DUPLICATE";

export interface ImportReport {
  importId: string;
  listId: string;
  status: "COMPLETED";
  summary: { total: number; imported: number; duplicates: number; errors: number; skipped: number };
  errors: { line: number; name: string; reason: string }[];
  completedAt: string;
}

export interface Contact {
  contactId: string;
  name: string;
  phoneNumber: string;
  email?: string;
  tags: string[];
  createdAt: string;
}

export interface ContactPage {
  listId: string;
  contacts: Contact[];
  total: number;
  page: number;
  totalPages: number;
  hasMore: boolean;
}

export interface Quota {
  used: number;
  total: number;
}

/** No whole response in time. An import may have happened; with SKIP it is safe to send it again. */
export class Unavailable extends Error {}

/** The API refused the request and changed nothing. */
export class Refused extends Error {
  readonly status: number;
  readonly requestId: string;

  constructor(response: Response, readonly fields: Record<string, string>) {
    super(Object.entries(fields).map(([name, message]) => `${name}: ${message}`).join("; "));
    this.status = response.status;
    this.requestId = response.headers.get("X-Request-Id") ?? "unknown";
  }
}

/** 400: the file is no vCard file, or a field is not what is expected. */
export class InvalidRequest extends Refused {}
/** 401: the key is missing, unknown or revoked. */
export class InvalidKey extends Refused {}
/** 403: the key may not manage contacts. */
export class NotPermitted extends Refused {}
/** 404: the account has no such list. */
export class UnknownList extends Refused {}
/** 409: the plan has no room for all contacts of the file; none was imported. */
export class QuotaExceeded extends Refused {}
/** 413: split the file, at 10 MB each. */
export class FileTooLarge extends Refused {}
/** Any other response: of a proxy, or of a server in trouble. An import may have happened. */
export class UnexpectedResponse extends Refused {}

/** 429: try again in `retryAfter` seconds. */
export class RateLimited extends Refused {
  constructor(response: Response, readonly retryAfter: number) {
    super(response, { "try again in": `${retryAfter} seconds` });
  }
}

const REFUSALS: Record<number, typeof Refused> = {
  400: InvalidRequest,
  401: InvalidKey,
  403: NotPermitted,
  404: UnknownList,
  409: QuotaExceeded,
  413: FileTooLarge,
};
const LONGEST_WAIT = 30; // seconds that we wait for a rate limit before we give up
const UNTOLD_WAIT = 60; // where Retry-After is missing, or is a date
const ATTEMPTS = 5;
const FIRST_PAUSE = 0.5; // seconds before the second attempt; each further pause is twice as long
const PASSING = [502, 503, 504]; // of a gateway, or of a server that starts

/** The three calls. */
export class Qlara {
  private readonly base: string;

  constructor(baseUrl: string, private readonly apiKey: string, private readonly timeout = 30) {
    this.base = baseUrl.replace(/\/+$/, "");
  }

  /** Import a file into a list that exists. */
  async upload(file: File, listId: string, duplicateStrategy: Strategy = "SKIP"): Promise<ImportReport> {
    const form = new FormData(); // fetch writes the Content-Type with its boundary: do not set your own
    form.append("file", file);
    form.append("listId", listId);
    form.append("duplicateStrategy", duplicateStrategy);
    const path = "/api/partner-gateway/v1/contacts/upload/vcard";
    return this.send<ImportReport>("POST", path, "summary", form, duplicateStrategy !== "DUPLICATE");
  }

  /** Every contact of a list, page by page. */
  async *contacts(listId: string, limit = 100): AsyncGenerator<Contact> {
    const path = `/api/partner-gateway/v1/contacts/list/${encodeURIComponent(listId)}/contacts`;
    for (let number = 1, more = true; more; number += 1) {
      const page = await this.send<ContactPage>("GET", `${path}?limit=${limit}&page=${number}`, "contacts");
      yield* page.contacts;
      more = page.hasMore;
    }
  }

  quota(): Promise<Quota> {
    return this.send<Quota>("GET", "/api/v1/partner-gateway/subscription/contacts", "used");
  }

  /**
   * Send a request, again if that may help and does no harm. A request over the rate limit changed nothing. Of one
   * without a whole response nobody knows: if it is `repeatable`, it may be carried out twice.
   */
  private async send<T>(
    method: string, path: string, needed: string, body?: FormData, repeatable = true,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.sendOnce<T>(method, path, needed, body);
      } catch (error) {
        const pause = pauseAfter(error, attempt, repeatable);
        if (attempt === ATTEMPTS || pause === undefined) throw error;
        await sleep(pause * 1000);
      }
    }
  }

  private async sendOnce<T>(method: string, path: string, needed: string, body?: FormData): Promise<T> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.base + path, {
        method,
        body: body ?? null,
        headers: { "X-Api-Key": this.apiKey },
        redirect: "manual", // the API redirects nobody, and another host must not get the key
        signal: AbortSignal.timeout(this.timeout * 1000), // for the whole call, its body included
      });
      text = await response.text();
    } catch (error) {
      const { message, cause } = error as Error;
      throw new Unavailable(cause instanceof Error ? `${message}: ${cause.message}` : message, { cause: error });
    }
    const content = parsed(text);
    if (response.status === 200 && content?.[needed] != null) return content as T;
    if (response.status === 429) {
      const seconds = response.headers.get("Retry-After") ?? "";
      throw new RateLimited(response, /^\d+$/.test(seconds) ? Number(seconds) : UNTOLD_WAIT);
    }
    const refusal = REFUSALS[response.status];
    if (!refusal || !content?.data) throw new UnexpectedResponse(response, { body: text.slice(0, 200) });
    throw new refusal(response, content.data as Record<string, string>);
  }
}

/** How many seconds to wait for the next attempt; undefined: there is none. */
function pauseAfter(error: unknown, attempt: number, repeatable: boolean): number | undefined {
  if (error instanceof RateLimited) return error.retryAfter <= LONGEST_WAIT ? error.retryAfter : undefined;
  const passes = error instanceof Unavailable || (error instanceof Refused && PASSING.includes(error.status));
  return passes && repeatable ? FIRST_PAUSE * 2 ** (attempt - 1) : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

async function main(path: string, listId: string, strategy: Strategy = "SKIP"): Promise<void> {
  const { QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT } = process.env;
  if (!QLARA_BASE_URL || !QLARA_API_KEY) throw new Error("Set QLARA_BASE_URL and QLARA_API_KEY.");
  const qlara = new Qlara(QLARA_BASE_URL, QLARA_API_KEY, Number(QLARA_TIMEOUT ?? 30));
  const file = new File([await readFile(path)], basename(path), { type: "text/vcard" });
  const { summary, errors } = await qlara.upload(file, listId, strategy);
  console.log(`${summary.imported} of ${summary.total} imported, ${summary.duplicates} duplicates`);
  // Cards that were left out; the others are imported.
  for (const { line, name, reason } of errors) console.log(`line ${line}: ${name}: ${reason}`);
  const names: string[] = [];
  for await (const contact of qlara.contacts(listId)) names.push(contact.name);
  console.log(`${names.length} contacts in ${listId}, the last of them ${names.at(-1) ?? "nobody"}`);
  const { used, total } = await qlara.quota();
  console.log(`${used} of ${total} contacts used`);
}

const [path, listId, strategy] = process.argv.slice(2);
if (!path || !listId) {
  console.error("Usage: node import_contacts.js FILE LIST_ID [SKIP|UPDATE|DUPLICATE]");
  process.exit(1);
}
try {
  await main(path, listId, strategy as Strategy | undefined);
} catch (error) {
  process.exitCode = 1;
  if (error instanceof Refused) {
    console.error(`${error.status} ${error.constructor.name}: ${error.message} (request ${error.requestId})`);
  } else if (error instanceof Unavailable) {
    console.error(`Unavailable: ${error.message}`);
  } else {
    console.error(error instanceof Error ? error.message : error);
  }
}
