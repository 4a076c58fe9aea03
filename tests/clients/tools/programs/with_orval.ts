// A program on the client that orval makes: import, list, quota, and four refusals.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as qlara from "./orval.js";

const [url, folder, key] = process.argv.slice(2) as [string, string, string];
const mine = as(`${key}__crm-migration`);

// The client that orval makes has paths without a host.
const send = globalThis.fetch;
globalThis.fetch = (path, options) => send(`${url}${path}`, options);

function as(apiKey: string): RequestInit {
  return { headers: { "X-Api-Key": apiKey } };
}

function file(name: string): File {
  return new File([readFileSync(join(folder, name))], name, { type: "text/vcard" });
}

function showRefusal(response: qlara.uploadVCardResponse): void {
  if (response.status === 200 || response.status === 429) throw new Error("not a refusal");
  const fields = Object.entries(response.data.data).map(([name, message]) => `${name}: ${message}`);
  console.log(response.status, ...fields);
}

const listId = "list_crm_migration";
const imported = await qlara.uploadVCard(
  { file: file("contacts-export.vcf"), listId, duplicateStrategy: "SKIP", tags: "crm-import,q2-2026" }, mine,
);
if (imported.status !== 200) throw new Error("refused");
const report = imported.data;
console.log("imported", report.summary.imported, "of", report.summary.total, "into", report.listId);
const [first] = report.errors;
console.log(first?.line, first?.name, first?.reason);
const added = await qlara.uploadVCard({ file: file("contacts-export.vcf"), listName: "Città & Co." }, mine);
if (added.status !== 200) throw new Error("refused");
console.log("imported", added.data.summary.imported, added.data.listId !== report.listId);
for (const number of [1, 2]) {
  const response = await qlara.listContacts(report.listId, { limit: 100, page: number }, mine);
  if (response.status !== 200) throw new Error("refused");
  const page = response.data;
  console.log("page", page.page, page.contacts.length, page.contacts[0]?.phoneNumber, page.hasMore);
}
const quota = await qlara.getContactQuota(mine);
if (quota.status !== 200) throw new Error("refused");
console.log("quota", quota.data.used, quota.data.total);

showRefusal(await qlara.uploadVCard({ file: file("bad-header.vcf"), listId }, mine));
showRefusal(await qlara.uploadVCard({ file: file("bad-header.vcf"), listId }, as("nobody")));
showRefusal(await qlara.uploadVCard({ file: file("contacts-export.vcf"), listId }, as(`${key}__quota-exhausted`)));
showRefusal(await qlara.uploadVCard({ file: file("oversized.vcf"), listId }, mine));
