// Holds the sandbox against a pact: node verify.mjs PACT URL, with the URL of a running sandbox.
import { Verifier } from "@pact-foundation/pact";

const [pact, url] = process.argv.slice(2);
const account = { apiKey: "sandbox_pact" };

async function call(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${url}/__admin/${path}`, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}

// Choose a scenario for this account, and start it afresh.
const state = (scenario) => async () => {
  await call("PUT", "scenario", { ...account, scenario });
  await call("POST", "reset", account);
};

await new Verifier({
  provider: "qlara-contact-api",
  providerBaseUrl: url,
  pactUrls: [pact],
  stateHandlers: {
    "an empty account": state("default"),
    "the plan is full": state("quota-exhausted"),
    "a list with contacts": state("update-existing"),
  },
}).verifyProvider();
