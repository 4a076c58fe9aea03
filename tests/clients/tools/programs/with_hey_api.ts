// A program on the client that hey-api makes: import, list, quota, and four refusals.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, createConfig } from "./hey-api/client/index.js";
import { getContactQuota, listContacts, uploadVCard } from "./hey-api/sdk.gen.js";
import type { ErrorResponse, RateLimitError, VCardUpload } from "./hey-api/types.gen.js";

const [url, folder, key] = process.argv.slice(2) as [string, string, string];
const mine = client(`${key}__crm-migration`);

function client(apiKey: string) {
  return createClient(createConfig({ baseUrl: url, auth: apiKey }));
}

function file(name: string): File {
  return new File([readFileSync(join(folder, name))], name, { type: "text/vcard" });
}

function upload(by: ReturnType<typeof client>, body: VCardUpload) {
  return uploadVCard({ client: by, body });
}

function showRefusal({ error, response }: { error?: ErrorResponse | RateLimitError; response?: Response }): void {
  if (error?.status !== "fail") throw new Error("not a refusal");
  const fields = Object.entries(error.data).map(([name, message]) => `${name}: ${message}`);
  console.log(response?.status, ...fields);
}

const listId = "list_crm_migration";
const { data: report } = await upload(mine, {
  file: file("contacts-export.vcf"), listId, duplicateStrategy: "SKIP", tags: "crm-import,q2-2026",
});
if (!report) throw new Error("refused");
console.log("imported", report.summary.imported, "of", report.summary.total, "into", report.listId);
const [first] = report.errors;
console.log(first?.line, first?.name, first?.reason);
const { data: added } = await upload(mine, { file: file("contacts-export.vcf"), listName: "Città & Co." });
console.log("imported", added?.summary.imported, added?.listId !== report.listId);
for (const number of [1, 2]) {
  const { data: page } = await listContacts({
    client: mine, path: { listId: report.listId }, query: { limit: 100, page: number },
  });
  console.log("page", page?.page, page?.contacts.length, page?.contacts[0]?.phoneNumber, page?.hasMore);
}
const { data: quota } = await getContactQuota({ client: mine });
console.log("quota", quota?.used, quota?.total);

showRefusal(await upload(mine, { file: file("bad-header.vcf"), listId }));
showRefusal(await upload(client("nobody"), { file: file("bad-header.vcf"), listId }));
showRefusal(await upload(client(`${key}__quota-exhausted`), { file: file("contacts-export.vcf"), listId }));
showRefusal(await upload(mine, { file: file("oversized.vcf"), listId }));
