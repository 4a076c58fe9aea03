// Fetch and few lines around it. Right in: all.
import { run } from "../plain.mjs";

await run();
