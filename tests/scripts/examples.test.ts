// The conformance fixture and the example servers, met by the official clients of both SDK generations in both eras.
// The suite itself is `npm run conformance`; here is what it leaves out, and a quick look at the rest.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { type Examples, startExamples } from "../../scripts/examples/start.ts";
import { type Started, startEverything } from "../fixtures/everything/start.ts";
import { connectV1, connectV2, postModern, readFrames, type TestClient } from "./mcp-clients.ts";

let everything: Started;
let examples: Examples;

beforeAll(async () => {
  everything = await startEverything();
  examples = await startExamples();
});
afterAll(async () => {
  await Promise.all([everything.close(), examples.close()]);
});

const urlOf = (name: string) => examples.servers.find((server) => server.name === name)?.url ?? "";

const CLIENTS: [string, string, (url: string) => Promise<TestClient>][] = [
  ["SDK v2, modern", "2026-07-28", (url) => connectV2(url, "auto")],
  ["SDK v2, legacy", "2025-11-25", (url) => connectV2(url, "legacy")],
  ["SDK v1", "2025-11-25", (url) => connectV1(url)],
];

describe.each(CLIENTS)("%s", (_name, revision, connect) => {
  let client: TestClient;
  let clock: TestClient;
  beforeAll(async () => {
    client = await connect(everything.url);
    clock = await connect(urlOf("clock"));
  });
  afterAll(() => Promise.all([client.close(), clock.close()]));

  test("uses its revision and gets the same tools twice, the argumentless one first", async () => {
    expect(client.revision).toBe(revision);
    const tools = await client.tools();
    expect(tools[0]).toBe("test_simple_text");
    expect(new Set(tools).size).toBe(tools.length);
    expect(await client.tools()).toEqual(tools);
  });

  test.each([
    ["test_simple_text", {}, /simple text/],
    ["test_error_handling", {}, /intentionally/],
    ["test_tool_with_logging", {}, /three times/],
    ["test_sampling", { prompt: "Capital of France?" }, /LLM response: Paris/],
    ["test_elicitation", { message: "Who?" }, /action=accept.*ada@example\.org/],
    ["test_input_required_result_elicitation", {}, /Hello, Ada!/],
    ["test_input_required_result_multiple_inputs", {}, /Paris Ada, with 1 roots/],
    ["test_input_required_result_multi_round", {}, /Ada likes blue/],
    ["test_input_required_result_request_state", {}, /state-ok/],
    ["test_header_parameters", { region: "Zürich", shard: 3, dry: true }, /"region":"Zürich"/],
    ["json_schema_2020_12_tool", { email: "ada@example.org" }, /ada@example\.org/],
    ["slow_compute", { seconds: 0, label: "It" }, /It took 0 seconds/],
    ["greet", { name: "Ada" }, /Hello, Ada!/],
  ])("calls %s", async (tool, args, expected) => {
    expect(await client.call(tool, args)).toMatch(expected);
  });

  test("gets progress, resources, prompts and completions", async () => {
    expect(await client.progressOf("test_tool_with_progress")).toEqual([0, 50, 100]);
    expect(await client.read("test://static-text")).toMatch(/static text resource/);
    expect(await client.read("test://template/7/data")).toMatch(/"id":"7"/);
    expect(await client.resources()).toContain("skill://plain-words/SKILL.md");
    expect(await client.prompt("test_input_required_result_prompt")).toBe("The context is: rain");
    expect(await client.complete("test_prompt_with_arguments", "arg1", "par")).toEqual([
      "paris",
      "park",
      "party",
    ]);
    // -32002 was the code of the legacy era; SDK v2 returns -32602 in both.
    await expect(client.read("test://nowhere")).rejects.toMatchObject({ code: -32602 });
  });

  test("reports added and removed tools, also when another client changed them", async () => {
    const changed = vi.fn();
    await client.onToolsChanged(changed);
    const other = await connectV1(everything.url);
    // The legacy client's stream opens on its own time, after connect() has returned.
    await vi.waitFor(async () => {
      await other.call("test_trigger_tool_change");
      expect(changed).toHaveBeenCalled();
    });
    await other.close();
  });

  test("reports updates of the subscribed resource", async () => {
    const updated: string[] = [];
    await client.onResourceUpdated("test://watched-resource", (uri) => updated.push(uri));
    await vi.waitFor(async () => {
      await client.call("test_trigger_resource_update");
      expect(updated).toContain("test://watched-resource");
    });
  });

  test("calls the clock, which counts, and sends a request back", async () => {
    expect(await clock.progressOf("countdown", { steps: 3, intervalMs: 5 })).toEqual([1, 2, 3]);
    expect(await clock.call("time_for_me")).toMatch(/UTC/);
    expect(await clock.call("current_time", { zone: "Mars/Olympus" })).toMatch(/not a known time zone/);
  });
});

test("the calculator answers in structure and refuses to divide by zero", async () => {
  const divide = async (a: number, b: number) =>
    (await postModern(urlOf("calculator"), "tools/call", { name: "divide", arguments: { a, b } })).json();
  expect(await divide(6, 4)).toMatchObject({ result: { structuredContent: { result: 1.5 } } });
  expect(await divide(6, 0)).toMatchObject({ result: { isError: true } });
});

test("a note that is created can be listed, read and summarized", async () => {
  const notes = await connectV2(urlOf("notes"), "auto");
  await notes.call("create_note", { title: "Milk", text: "Buy some." });
  const uri = (await notes.resources()).at(-1) ?? "";
  expect(await notes.read(uri)).toBe("Buy some.");
  expect(await notes.prompt("summarize_notes")).toMatch(/Milk\nBuy some\./);
  await notes.close();
});

test("a session of 2025-03-26 accepts batches, and ends on DELETE", async () => {
  const send = (body: unknown, session: Record<string, string>, method = "POST") =>
    fetch(everything.url, {
      method,
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        ...session,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo };
  const opened = await send({ jsonrpc: "2.0", id: 0, method: "initialize", params }, {});
  expect(await opened.text()).toMatch(/"protocolVersion":"2025-03-26"/);
  const session = { "Mcp-Session-Id": opened.headers.get("mcp-session-id") ?? "" };
  const ping = (id: number) => ({ jsonrpc: "2.0", id, method: "ping" });

  const answers = await (await send([ping(1), ping(2)], session)).text();
  expect(answers).toMatch(/"id":1/);
  expect(answers).toMatch(/"id":2/);
  expect((await send(ping(3), {})).status).toBe(400);
  expect((await send(undefined, session, "DELETE")).status).toBe(200);
  expect((await send(ping(4), session)).status).toBe(404);
});

test("a modern call ends when its caller hangs up", async () => {
  const watcher = await connectV2(everything.url, "auto");
  const abort = new AbortController();
  const slow = { name: "test_slow", arguments: { ms: 30_000 } };
  const call = postModern(everything.url, "tools/call", slow, { signal: abort.signal });
  await vi.waitFor(async () => expect(await watcher.call("test_slow_calls")).toMatch(/"running":1/));
  abort.abort();
  await expect(call).rejects.toThrow();
  await vi.waitFor(async () =>
    expect(await watcher.call("test_slow_calls")).toBe('{"running":0,"cancelled":1}'),
  );
  await watcher.close();
});

describe("the tasks extension", () => {
  const capabilities = { elicitation: {}, extensions: { "io.modelcontextprotocol/tasks": {} } };
  const answer = z.looseObject({ result: z.looseObject({ taskId: z.string(), status: z.string() }) });

  async function start(name: string, args: object): Promise<string> {
    const response = await postModern(
      everything.url,
      "tools/call",
      { name, arguments: args },
      { capabilities },
    );
    const { result } = answer.parse(await response.json());
    expect(result).toMatchObject({ resultType: "task", status: "working" });
    expect(result).not.toHaveProperty("content");
    return result.taskId;
  }

  test("notifies subscribers of a task about each of its states", async () => {
    const taskId = await start("confirm_delete", { filename: "a.txt" });
    const stop = new AbortController();
    const notifications = { taskIds: [taskId, "unknown"], toolsListChanged: true };
    const stream = await postModern(
      everything.url,
      "subscriptions/listen",
      { notifications },
      { capabilities, signal: stop.signal },
    );
    const frames = readFrames(stream);
    const ack = { method: "notifications/subscriptions/acknowledged" };
    const accepted = { toolsListChanged: true, taskIds: [taskId] };
    expect(await frames()).toMatchObject({ ...ack, params: { notifications: accepted } });

    const inputResponses = { confirm: { action: "accept", content: { confirm: true } } };
    await postModern(everything.url, "tasks/update", { taskId, inputResponses }, { capabilities });
    const tagged = { _meta: { "io.modelcontextprotocol/subscriptionId": 1 } };
    expect(await frames()).toMatchObject({
      method: "notifications/tasks",
      params: { taskId, status: "working", ...tagged },
    });
    expect(await frames()).toMatchObject({
      method: "notifications/tasks",
      params: { status: "completed", result: { content: [{ text: "a.txt is deleted." }] }, ...tagged },
    });
    stop.abort();
  });

  test("rejects clients that did not declare it, whatever they request", async () => {
    const required = { extensions: { "io.modelcontextprotocol/tasks": {} } };
    const requests: [string, Record<string, unknown>][] = [
      ["tools/call", { name: "failing_job", arguments: {} }],
      ["tasks/get", { taskId: "x" }],
      ["tasks/cancel", { taskId: "x" }],
      ["tasks/update", { taskId: "x", inputResponses: {} }],
      ["subscriptions/listen", { notifications: { taskIds: ["x"] } }],
    ];
    for (const [method, params] of requests) {
      const response = await postModern(everything.url, method, params);
      expect(response.status, method).toBe(400);
      expect(await response.json()).toMatchObject({
        id: 1,
        error: { code: -32021, data: { requiredCapabilities: required } },
      });
    }
  });

  test("ends a canceled task and keeps its record", async () => {
    const taskId = await start("slow_compute", { seconds: 60 });
    await postModern(everything.url, "tasks/cancel", { taskId }, { capabilities });
    const response = await postModern(everything.url, "tasks/get", { taskId }, { capabilities });
    expect(await response.json()).toMatchObject({ result: { resultType: "complete", status: "cancelled" } });
  });
});
