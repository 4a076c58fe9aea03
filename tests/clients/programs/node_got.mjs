// The import as a program that uses got with form-data makes it.
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import FormData from "form-data";
import got from "got";

const [base, folder, key] = process.argv.slice(2);
const client = got.extend({
  prefixUrl: base,
  agent: { http: new Agent({ keepAlive: true, maxSockets: 1 }) },
  throwHttpErrors: false,
  retry: { limit: 0 },
});
const UPLOAD = "api/partner-gateway/v1/contacts/upload/vcard";
const LIST = "api/partner-gateway/v1/contacts/list/list_crm_migration/contacts";

async function upload(name, apiKey = key) {
  const form = new FormData();
  form.append("file", readFileSync(join(folder, name)), { filename: name, contentType: "text/vcard" });
  form.append("listId", "list_crm_migration");
  form.append("tags", "città,q2");
  const response = await client.post(UPLOAD, { body: form, headers: { "X-Api-Key": apiKey } });
  return response.statusCode;
}

const listed = () => client.get(LIST, { headers: { "X-Api-Key": key } });

console.log(await upload("Rubrica Città.vcf"));
console.log((await listed()).statusCode);
console.log(await upload("no-vcard.vcf"));
console.log(await upload("Rubrica Città.vcf", "unknown"));
console.log(await upload("Rubrica Città.vcf", `${key}__quota-exhausted`));
console.log(await upload("oversized.vcf"));
const last = await listed();
const contact = JSON.parse(last.body).contacts[0];
console.log(last.statusCode, contact.name, ...contact.tags);
