// Prints what Postman and Bruno make of a contract: {"postman": …, "bruno": …}. Usage: node convert.mjs openapi.yaml

import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import postman from "openapi-to-postmanv2";
import { openApiToBruno } from "@usebruno/converters";

const data = readFileSync(process.argv[2], "utf8");
const collections = {};
for (const convert of ["convert", "convertV2"]) {
  const made = await promisify(postman[convert].bind(postman))({ type: "string", data }, {});
  if (!made.result) throw new Error(made.reason);
  collections[convert] = made.output[0].data;
}
console.log(JSON.stringify({ postman: collections, bruno: openApiToBruno(data) }));
