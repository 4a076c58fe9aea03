// The import as a program that uses axios with form-data makes it.
import { createReadStream } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import axios from "axios";
import FormData from "form-data";

const [base, folder, key] = process.argv.slice(2);
const client = axios.create({
  baseURL: base,
  httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }),
  maxBodyLength: Infinity,
  validateStatus: () => true,
  proxy: false,
});
const UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard";
const LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts";

async function upload(name, apiKey = key) {
  const form = new FormData();
  form.append("file", createReadStream(join(folder, name)), { filename: name, contentType: "text/vcard" });
  form.append("listId", "list_crm_migration");
  form.append("tags", "città,q2");
  const response = await client.post(UPLOAD, form, { headers: { ...form.getHeaders(), "X-Api-Key": apiKey } });
  return response.status;
}

const listed = () => client.get(LIST, { headers: { "X-Api-Key": key } });

console.log(await upload("Rubrica Città.vcf"));
console.log((await listed()).status);
console.log(await upload("no-vcard.vcf"));
console.log(await upload("Rubrica Città.vcf", "unknown"));
console.log(await upload("Rubrica Città.vcf", `${key}__quota-exhausted`));
console.log(await upload("oversized.vcf"));
const last = await listed();
const contact = last.data.contacts[0];
console.log(last.status, contact.name, ...contact.tags);
