// Fetch and few lines around it. Right in: documented-import, file-with-errors, new-list, many-pages, unavailable, rate-limited, connection-reset, half-a-list, further-fields, hostile-names, plan-full, key-revoked.
import { run } from "../plain.mjs";

await run();
