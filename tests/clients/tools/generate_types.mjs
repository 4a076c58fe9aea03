// Writes the types of openapi-typescript: a binary string is a Blob, and a field with a default may be left out.
// Usage: node generate_types.mjs openapi.yaml types.d.ts

import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const [contract, types] = process.argv.slice(2);
const blob = ts.factory.createTypeReferenceNode("Blob");
const made = await openapiTS(pathToFileURL(resolve(contract)), {
  defaultNonNullable: false,
  transform: (schema) => (schema.format === "binary" ? blob : undefined),
});
writeFileSync(types, astToString(made));
