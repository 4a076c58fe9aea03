// Imports again with DUPLICATE without a look at the list. Found by: lost-response.
import { run } from "../plain.mjs";

await run({ strategy: "DUPLICATE" });
