// A whole account as a file: saved, and loaded again.

import { download } from "./files.js";
import { control } from "./control.js";
import { number } from "./samples.js";

/** Save the state of an account; return a sentence about it. */
export async function saveState(account) {
  const state = await control(`/state?${new URLSearchParams(account)}`);
  const name = `${account.scenario}-state.json`;
  download(name, new Blob([JSON.stringify(state)], { type: "application/json" }));
  return `Saved as ${name}: ${counted(state.contacts)}.`;
}

/** Load a state into an account; return a sentence about it. Its scenario stays the one that is chosen. */
export async function loadState(account, file) {
  let state;
  try {
    state = JSON.parse(await file.text());
  } catch {
    throw new Error(`${file.name} is not a saved state: it is not JSON.`);
  }
  await control("/state", { method: "PUT", body: { ...account, state } });
  return `Loaded ${file.name}: ${counted(state.contacts)}.`;
}

const counted = (contacts) => (contacts.length === 1 ? "1 contact" : `${number(contacts.length)} contacts`);
