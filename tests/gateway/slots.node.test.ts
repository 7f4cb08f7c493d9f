/** `max_concurrency` of 1 in the runtime as it is: a call that outlasts several grants. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LOST_CALL_MS } from "../../src/core/resilience/running-calls.ts";
import { SLOT_TTL_MS } from "../../src/core/resilience/slots.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { answerJson, type Recorder, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let upstream: Recorder;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([startGateway(databaseOfThisRun()), startRecorder()]);
  tenant = await gateway.addTenant({ servers: [{ name: "recorder", url: upstream.url, maxConcurrency: 1 }] });
});
afterAll(async () => {
  await Promise.all([gateway?.close(), upstream?.close()]);
});
beforeEach(() => {
  upstream.requests.length = 0;
});

async function call(): Promise<number> {
  const response = await fetch(`${gateway.url}/mcp/recorder`, {
    method: "POST",
    headers: {
      accept: "application/json",
      authorization: `Bearer ${tenant.apiKey}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  await response.text();
  return response.status;
}

const reached = (count: number) =>
  expect.poll(() => upstream.requests.length, { timeout: 9000 }).toBeGreaterThanOrEqual(count);
const answer = answerJson({ jsonrpc: "2.0", id: 1, result: { tools: [] } });

describe("a server with a limit of 1", () => {
  it("gets the second call when the first has ended, after longer than a grant lasts", async () => {
    const finish: (() => void)[] = [];
    upstream.behave((request, response) => void finish.push(() => void answer(request, response)));
    const first = call();
    await reached(1);
    const startedAt = Date.now();
    const second = call();
    const longEnoughMs = SLOT_TTL_MS + LOST_CALL_MS + 1000;
    await expect.poll(() => Date.now() - startedAt, { timeout: 9000 }).toBeGreaterThan(longEnoughMs);
    expect(upstream.requests).toHaveLength(1);
    finish[0]?.();
    expect(await first).toBe(200);
    await reached(2);
    finish[1]?.();
    expect(await second).toBe(200);
  });
});
