// With node:test and testcontainers: one sandbox for all tests, an account of its own for each.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";

let container: StartedTestContainer;
let baseUrl: string;

before(async () => {
  container = await new GenericContainer("qlara-sandbox")
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp("/__health/ready", 8080))
    .start();
  baseUrl = `http://${container.getHost()}:${container.getMappedPort(8080)}`;
});

after(() => container.stop());

test("a new account is empty", async () => {
  const response = await fetch(`${baseUrl}/api/v1/partner-gateway/subscription/contacts`, {
    headers: { "X-Api-Key": `sandbox_${randomUUID()}__crm-migration` },
  });
  assert.deepEqual(await response.json(), { used: 0, total: 50000 });
});
