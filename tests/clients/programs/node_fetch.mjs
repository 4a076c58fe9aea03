// The import as a program that uses the fetch of Node.js makes it.
import { openAsBlob } from "node:fs";
import { join } from "node:path";

const [base, folder, key] = process.argv.slice(2);
const UPLOAD = `${base}/api/partner-gateway/v1/contacts/upload/vcard`;
const LIST = `${base}/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts`;

async function upload(name, apiKey = key) {
  const form = new FormData();
  form.set("file", await openAsBlob(join(folder, name), { type: "text/vcard" }), name);
  form.set("listId", "list_crm_migration");
  form.set("tags", "città,q2");
  const response = await fetch(UPLOAD, { method: "POST", headers: { "X-Api-Key": apiKey }, body: form });
  await response.json();
  return response.status;
}

const listed = () => fetch(LIST, { headers: { "X-Api-Key": key } });

console.log(await upload("Rubrica Città.vcf"));
const first = await listed();
await first.json();
console.log(first.status);
console.log(await upload("no-vcard.vcf"));
console.log(await upload("Rubrica Città.vcf", "unknown"));
console.log(await upload("Rubrica Città.vcf", `${key}__quota-exhausted`));
console.log(await upload("oversized.vcf"));
const last = await listed();
const contact = (await last.json()).contacts[0];
console.log(last.status, contact.name, ...contact.tags);
