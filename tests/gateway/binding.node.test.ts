/** What a passed-through server hands to one caller is of no use to another; the parts of a batch count one by one. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Started, startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { inputFor } from "../fixtures/questions.ts";
import { type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { messagesOf, modern, send, textIn } from "../fixtures/wire.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let everything: Started;
let recorder: Recorder;
let stranger: string;

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  [everything, recorder] = await Promise.all([startEverything({ only: "modern" }), startRecorder()]);
  tenant = await gateway.addTenant({
    servers: [
      { name: "modern", url: everything.url },
      { name: "recorder", url: recorder.url },
    ],
  });
  stranger = await tenant.addKey();
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([everything.close(), recorder.close()]);
});

const at = (key = tenant.apiKey) => ({ url: `${gateway.url}/mcp/modern`, key });

describe("a task of a passed-through server", () => {
  const tasks = { capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } };
  const task = z.looseObject({ taskId: z.string(), status: z.string() });

  it("is its principal's alone", async () => {
    const params = { name: "slow_compute", arguments: { seconds: 0.2 } };
    const { taskId } = task.parse((await modern(at(), "tools/call", params, tasks)).result);
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      const { error } = await modern(at(stranger), method, { taskId, inputResponses: {} }, tasks);
      expect(error, method).toMatchObject({ code: -32602 });
    }
    const status = async () => task.parse((await modern(at(), "tasks/get", { taskId }, tasks)).result).status;
    await expect.poll(status, { timeout: 10_000 }).toBe("completed");
  });

  it("is not listed, as the list would be of all principals", async () => {
    expect((await modern(at(), "tasks/list", {}, tasks)).error).toMatchObject({ code: -32601 });
  });
});

describe("the request state of a passed-through server", () => {
  it("continues its principal's call alone", async () => {
    const capabilities = { elicitation: { form: {} } };
    const params = { name: "test_input_required_result_request_state", arguments: {} };
    const asked = await modern(at(), "tools/call", params, { capabilities });
    const input = inputFor(asked, { ok: true });
    const stolen = await modern(at(stranger), "tools/call", { ...params, ...input }, { capabilities });
    expect(stolen.error).toMatchObject({ code: -32602 });
    const own = await modern(at(), "tools/call", { ...params, ...input }, { capabilities });
    expect(own.error).toBeUndefined();
    expect(textIn(own)).toContain("state-ok");
  });
});

describe("a batch", () => {
  const calls = (count: number) =>
    Array.from({ length: count }, (_, id) => ({
      ...{ jsonrpc: "2.0", id, method: "tools/call", params: { name: `tool-${id}`, arguments: {} } },
    }));
  const post = (key: string, body: unknown) =>
    send({ url: `${gateway.url}/mcp/recorder`, key }, body, {
      headers: { "mcp-protocol-version": "2025-03-26" },
    });

  beforeAll(() => {
    recorder.behave(({ body }, response) => {
      const messages: { id: number }[] = [JSON.parse(String(body))].flat();
      const answers = messages.map(({ id }) => ({
        ...{ jsonrpc: "2.0", id, result: { content: [], isError: id === 1 } },
      }));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answers));
    });
  });

  it("takes a token for each of its calls", async () => {
    const key = await tenant.addKey({ limits: { rateLimitPerHour: 5, rateLimitPerDay: 100 } });
    expect((await post(key, calls(4))).status).toBe(200);
    const asked = recorder.requests.length;
    const refused = await post(key, calls(4));
    expect(refused.status).toBe(429);
    const ids = [];
    for await (const { id } of messagesOf(refused)) ids.push(id);
    expect(ids).toEqual([0, 1, 2, 3]);
    expect(recorder.requests.length).toBe(asked);
  });

  it("of more calls than a batch may hold never leaves the gateway", async () => {
    const asked = recorder.requests.length;
    expect((await post(tenant.apiKey, calls(5000))).status).toBe(400);
    expect(recorder.requests.length).toBe(asked);
  });

  it("is recorded call by call, each with its own outcome", async () => {
    const response = await post(tenant.apiKey, calls(3));
    const requestId = response.headers.get("x-request-id");
    await response.text();
    const db = new pg.Client({ connectionString: databaseOfThisRun().ownerUrl });
    await db.connect();
    const rows = async () => {
      const query = "select target, success from mcp_audit_logs where request_id = $1 order by target";
      return (await db.query(query, [requestId])).rows;
    };
    await expect.poll(rows, { timeout: 20_000 }).toEqual([
      { target: "tool-0", success: true },
      { target: "tool-1", success: false },
      { target: "tool-2", success: true },
    ]);
    await db.end();
  });
});
