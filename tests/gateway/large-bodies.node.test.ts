/** Many large bodies at once: an isolate holds so many, refuses the others clearly, and serves on. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { send } from "../fixtures/wire.ts";

const BODIES = 20;
const FILLER = "x".repeat(3.9 * 1024 * 1024);

let gateway: TestGateway;
let tenant: TestTenant;
let recorder: Recorder;

beforeAll(async () => {
  [gateway, recorder] = await Promise.all([startGateway(databaseOfThisRun()), startRecorder()]);
  tenant = await gateway.addTenant({ servers: [{ name: "recorder", url: recorder.url }] });
});
afterAll(async () => {
  await gateway.close();
  await recorder.close();
});

const call = (id: number) =>
  send(
    { url: `${gateway.url}/mcp/recorder`, key: tenant.apiKey },
    { jsonrpc: "2.0", id, method: "tools/call", params: { name: "take", arguments: { FILLER } } },
  );

it("are held up to a budget; the others are refused with a retry time, and served when there is room", async () => {
  const { promise: open, resolve } = Promise.withResolvers<void>();
  recorder.behave(async ({ body }, response) => {
    await open;
    const { id } = JSON.parse(String(body));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } }));
  });
  const calls = Array.from({ length: BODIES }, (_, id) => call(id));
  // Eight bodies of just under 4 MiB fit into 32 MiB.
  await expect.poll(() => recorder.requests.length, { timeout: 60_000 }).toBe(8);
  const refused = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const response = await call(99);
      return {
        status: response.status,
        wait: response.headers.get("retry-after"),
        body: await response.json(),
      };
    }),
  );
  for (const { status, wait, body } of refused) {
    expect({ status, wait }).toEqual({ status: 429, wait: "1" });
    expect(body).toMatchObject({ error: { code: -31429 } });
  }
  resolve();
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBe(8);
  expect(statuses.filter((status) => status === 429).length).toBe(BODIES - 8);
  expect((await call(100)).status).toBe(200);
});
