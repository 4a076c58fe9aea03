// What the page shows, in its address: so that a view can be shared, and is there again after a reload.

const NAMES = ["scenario", "key", "session", "demo", "run", "request"];

/** Whether a key is one of this sandbox's own, which give nothing away: no other is put into an address. */
export const isSandboxKey = (key) => /^(YOUR_API_KEY|sandbox_[!-~]{0,192})$/.test(key);

/** Return the view that the query of an address names; what it leaves out is "". */
export function viewOf(search) {
  const given = new URLSearchParams(search);
  const view = Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? ""]));
  if (!isSandboxKey(view.key)) view.key = "";
  return view;
}

/** Return the query that names a view. */
export function queryOf(view) {
  const shown = NAMES.filter((name) => view[name] && (name !== "key" || isSandboxKey(view[name])));
  return `?${new URLSearchParams(shown.map((name) => [name, view[name]]))}`;
}
