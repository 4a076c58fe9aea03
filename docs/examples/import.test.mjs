// Test code that uses fetch, with Node's own test runner. Run it with: node --test import.test.mjs
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

const FILE = `BEGIN:VCARD
VERSION:3.0
FN:Marco Rossi
TEL;TYPE=CELL:347 123 4567
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Luca Verdi
TEL;TYPE=CELL:12
END:VCARD
`;

// The code that is to be tested.
async function importContacts(baseUrl, apiKey, content) {
  const form = new FormData();
  form.set("file", new Blob([content], { type: "text/vcard" }), "contacts.vcf");
  form.set("listId", "list_crm_migration");
  form.set("duplicateStrategy", "SKIP");
  const response = await fetch(`${baseUrl}/api/partner-gateway/v1/contacts/upload/vcard`, {
    method: "POST",
    headers: { "X-Api-Key": apiKey },
    body: form,
  });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(Object.values(body.data ?? { message: body.message }).join(" "), {
      cause: response.status,
    });
  }
  return body;
}

let server;
let baseUrl;

before(async () => {
  server = spawn("qlara-sandbox", ["serve", "--port", "0", "--quiet"]);
  for await (const line of createInterface(server.stdout)) {
    baseUrl = line.match(/http:\/\/[0-9.:]+/)?.[0];
    if (baseUrl) break;
  }
  assert.ok(baseUrl, "the sandbox did not start");
});

after(() => server.kill());

// A key per test: each gets an account of its own, built from the scenario after "__".
const key = (scenario) => `sandbox_${randomUUID()}__${scenario}`;

test("people arrive, and who cannot be called is reported", async () => {
  const apiKey = key("default");

  const report = await importContacts(baseUrl, apiKey, FILE);

  assert.deepEqual(report.summary, { total: 2, imported: 1, duplicates: 0, errors: 1, skipped: 1 });
  assert.deepEqual(report.errors, [
    { line: 9, name: "Luca Verdi", reason: "Invalid phone number format" },
  ]);
  const list = await fetch(
    `${baseUrl}/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts?limit=10`,
    { headers: { "X-Api-Key": apiKey } },
  );
  const { contacts } = await list.json();
  assert.deepEqual(
    contacts.map(({ name, phoneNumber }) => [name, phoneNumber]),
    [["Marco Rossi", "+393471234567"]],
  );
});

test("a full plan is an error that says so", async () => {
  await assert.rejects(
    importContacts(baseUrl, key("quota-exhausted"), FILE),
    { message: /^Contact quota exceeded\. Current: 50000\/50000\./, cause: 409 },
  );
});

test("any documented response can be had by asking for it", async () => {
  const response = await fetch(`${baseUrl}/api/v1/partner-gateway/subscription/contacts`, {
    headers: { "X-Api-Key": key("default"), Prefer: "code=401" },
  });

  assert.equal(response.status, 401);
});
