// Every documented error, caused by a real request, and network faults.

export const GROUPS = [
  {
    title: "Reads",
    items: [
      { id: "quota", status: 200, title: "Read the quota", scenario: "default", quota: true },
      { id: "list-page", status: 200, title: "The first page of a list", scenario: "update-existing", list: "list_crm_migration", query: { limit: 10 } },
    ],
  },
  {
    title: "Imports",
    items: [
      { id: "documented-import", status: 200, title: "The documented import", scenario: "crm-migration", sample: "export", fresh: true, fields: { tags: "crm-import,q2-2026" } },
      { id: "update", status: 200, title: "Update existing contacts", scenario: "update-existing", sample: "updated", fresh: true, fields: { duplicateStrategy: "UPDATE", tags: "" } },
      { id: "new-list", status: 200, title: "Into a new list", scenario: "default", sample: "outlook", fresh: true, fields: { listId: "", listName: "Outlook Sync Aprile 2026", tags: "" } },
    ],
  },
  {
    title: "Errors in the file",
    items: [
      { id: "bad-header", status: 400, title: "Not a vCard file", scenario: "bad-header", sample: "bad-header" },
      { id: "no-footer", status: 400, title: "A file that breaks off", scenario: "bad-header", sample: "no-footer" },
      { id: "oversized", status: 413, title: "One byte over 10 MB", scenario: "oversized-file", sample: "oversized" },
    ],
  },
  {
    title: "Errors in the request",
    items: [
      { id: "unknown-strategy", status: 400, title: "A strategy that does not exist", scenario: "default", sample: "outlook", fields: { duplicateStrategy: "MERGE" } },
      { id: "limit", status: 400, title: "A limit of 0", scenario: "default", list: "list_crm_migration", query: { limit: 0 } },
      { id: "unknown-list", status: 404, title: "A list that does not exist", scenario: "default", list: "list_unknown", query: { limit: 10 } },
    ],
  },
  {
    title: "Key and account",
    items: [
      { id: "missing-key", status: 401, title: "No API key", scenario: "default", key: null, quota: true },
      { id: "unknown-key", status: 401, title: "An unknown API key", scenario: "default", key: "not-a-known-key", quota: true },
      { id: "revoked-key", status: 401, title: "A revoked API key", scenario: "revoked-key", quota: true },
      { id: "no-permission", status: 403, title: "A key without permission", scenario: "no-permission", sample: "outlook" },
      { id: "quota-exhausted", status: 409, title: "The quota is exhausted", scenario: "quota-exhausted", sample: "export" },
      { id: "rate-limited", status: 429, title: "Too many requests", scenario: "rate-limited", quota: true, until: 429, prefer: "code=429" },
    ],
  },
  {
    title: "Network faults",
    items: [
      { id: "slow", title: "A slow response", scenario: "slow", quota: true, optional: true },
      { id: "flaky", title: "Two failures, then success", scenario: "flaky", sample: "outlook", until: 200, fresh: true, optional: true },
      // A browser quietly sends a request once more, and again, where a used connection breaks: so it breaks every time,
      // in a scenario that has no faults of its own, which these would use up.
      { id: "connection-reset", fault: { on: "uploadVCard", network: "CONNECTION_RESET" }, title: "The connection is reset", scenario: "default", sample: "outlook", fresh: true, optional: true },
      { id: "truncated-response", title: "The response breaks off", scenario: "truncated-response", list: "list_crm_migration", query: { limit: 10 }, fresh: true, optional: true },
    ],
  },
];

/** How often a request is repeated at most until the response that is to be shown has come. */
export const PATIENCE = 40;

/** Return the operation that a demonstration sends a request to. */
export function operationOf(demo) {
  if (demo.quota) return "getContactQuota";
  return demo.list ? "listContacts" : "uploadVCard";
}

const DEMONSTRATIONS = GROUPS.flatMap(({ items }) => items);

/** Return the demonstration with this id, or undefined. */
export const demonstration = (id) => DEMONSTRATIONS.find((demo) => demo.id === id);

/** Return the demonstration of a documented status of an operation: one with a story, else its response by force. */
export function demonstrationOf(operation, status) {
  const told = DEMONSTRATIONS.find((demo) => operationOf(demo) === operation && demo.status === status);
  return told ?? { id: `${operation}-${status}`, status, title: `${operation}, by Prefer: code=${status}`, scenario: "default", forced: true, prefer: `code=${status}`, ...SAMPLE_OF[operation] };
}

const SAMPLE_OF = {
  uploadVCard: { sample: "outlook" },
  listContacts: { list: "list_crm_migration", query: { limit: 10 } },
  getContactQuota: { quota: true },
};

/** Return what an address means by `demo`: the id of a demonstration, or operation and status; or undefined. */
export function demonstrationNamed(name) {
  const [, operation, status] = /^(\w+)-(\d{3})$/.exec(name) ?? [];
  return demonstration(name) ?? (Object.hasOwn(SAMPLE_OF, operation) ? demonstrationOf(operation, Number(status)) : undefined);
}
