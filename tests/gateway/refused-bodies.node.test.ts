/** Refused uploads in bare workerd: the sender always reads the answer, and the gateway serves on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tally } from "../../scripts/smoke/report.ts";
import { upload } from "../../scripts/smoke/upload.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";

const TIMES = 10;
const LARGE = 6 * 1024 * 1024;

let gateway: TestGateway;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  tenant = await gateway.addTenant();
});
afterAll(() => gateway?.close());

const KIB = 1024;

describe.each([true, false])("with its length declared: %s", (declared) => {
  it.each([
    // These bodies are not read; workerd resets the connection of a long upload.
    ["a wrong key", "/mcp", "wrong", 50 * KIB, 401],
    ["no such server", "/mcp/nowhere", undefined, 50 * KIB, 404],
    ["too much for MCP", "/mcp", undefined, LARGE, 413],
    ["too much for REST", "/api/v1/servers", undefined, LARGE, 413],
    ["no such path", "/nowhere", undefined, LARGE, 413],
  ])("%s: the sender gets the answer", async (_, path, key, bytes, status) => {
    const headers = { authorization: `Bearer ${key ?? tenant.apiKey}` };
    const counts = await tally(TIMES, () => upload(gateway.url, { path, headers, bytes, declared }));
    expect(counts).toEqual({ [status]: TIMES });
  });
});

it("serves on after uploads that were cut off", async () => {
  const headers = { authorization: `Bearer ${tenant.apiKey}` };
  const cut = { path: "/mcp", headers, bytes: LARGE, abortAfter: 200_000 };
  await tally(TIMES, (index) => upload(gateway.url, { ...cut, declared: index % 2 === 0 }));
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});
