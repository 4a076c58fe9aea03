// Makes no pause before it tries again. Found by: unavailable, rate-limited.
import { run } from "../plain.mjs";

await run({ pause: () => 0 });
