// Reads one page of the list. Found by: many-pages.
import { run } from "../plain.mjs";

await run({ hasMore: () => false });
