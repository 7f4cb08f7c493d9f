/** Modern clients and legacy servers: requests, notifications and state of a server between two requests reach its own caller only. */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { startPublishedEverything } from "../fixtures/published-everything.ts";
import { inputFor, questionIn } from "../fixtures/questions.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";
import { answerIn, askModern, modern, type RpcMessage, textIn } from "../fixtures/wire.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let tinies: TinyServers;
let tiny: TinyServer;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [gateway, tinies] = await Promise.all([startGateway(databaseOfThisRun()), startTinyServers()]);
  const [legacy, dual, published] = await Promise.all([
    startEverything({ only: "legacy" }),
    startEverything({ only: "modern" }),
    startPublishedEverything("streamableHttp"),
  ]);
  closing.push(tinies.close, legacy.close, dual.close, published.close);
  tiny = tinies.add("tiny", { era: "legacy", tools: ["hello"] });
  tenant = await gateway.addTenant({
    servers: [
      // A disconnected caller is detected by the next message to it.
      { name: "legacy", url: legacy.url, settings: { keepAliveMs: 200 } },
      { name: "modern", url: dual.url },
      { name: "published", url: published.url },
      { name: "tiny", url: tiny.url },
    ],
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all(closing.map((close) => close()));
});

const at = (path: string, key = tenant.apiKey) => ({ url: `${gateway.url}/mcp${path}`, key });
const all = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

type Params = Record<string, unknown>;

interface Calling {
  readonly key?: string;
  readonly args?: Params;
  /** What the client brings back: its answers and the server's state. */
  readonly input?: Params;
  readonly capabilities?: object;
}

function call(path: string, name: string, calling: Calling = {}): Promise<RpcMessage> {
  const { key, args = {}, input = {}, capabilities = all } = calling;
  return modern(at(path, key), "tools/call", { name, arguments: args, ...input }, { capabilities });
}

const NAME = "test_input_required_result_elicitation";

/** The server alone and among others. */
const PLACES: [string, string, (tool: string) => string][] = [
  ["alone", "/legacy", (tool) => tool],
  ["among others", "", (tool) => `legacy__${tool}`],
];

describe.each(PLACES)("a legacy server %s", (_place, path, named) => {
  it("sends two requests in a row, and receives both answers", async () => {
    const tool = named("test_input_required_result_multi_round");
    const first = await call(path, tool);
    const second = await call(path, tool, { input: inputFor(first, { name: "Ada" }) });
    expect(questionIn(second).params?.message).toMatch(/favorite color/);
    expect(textIn(await call(path, tool, { input: inputFor(second, { color: "blue" }) }))).toBe(
      "Ada likes blue.",
    );
  });

  it("repeats its request where the answer is missing", async () => {
    const first = await call(path, named(NAME));
    const { requestState, params } = questionIn(first);
    const again = await call(path, named(NAME), { input: { requestState } });
    expect(questionIn(again).params).toEqual(params);
    expect(textIn(await call(path, named(NAME), { input: inputFor(again, { name: "Ada" }) }))).toBe(
      "Hello, Ada!",
    );
  });

  it.each<[string, (input: Params) => Promise<[string, Calling]>]>([
    ["of another principal", async (input) => [NAME, { input, key: await tenant.addKey() }]],
    ["for another tool", async (input) => ["test_elicitation", { input, args: { message: "?" } }]],
    ["changed", async (input) => [NAME, { input: { ...input, requestState: `${input.requestState}x` } }]],
    ["made up", async () => [NAME, { input: { requestState: "again" } }]],
    ["no text", async () => [NAME, { input: { requestState: 7 } }]],
  ])("does not receive what comes with a requestState that is %s", async (_what, abuse) => {
    const input = inputFor(await call(path, named(NAME)), { name: "Ada" });
    const [tool, calling] = await abuse(input);
    expect((await call(path, named(tool), calling)).error).toMatchObject({ code: -32602 });
    // The one whose it is has lost nothing.
    expect(textIn(await call(path, named(NAME), { input }))).toBe("Hello, Ada!");
  });

  it("returns an error when the call of an answer is over", async () => {
    const input = inputFor(await call(path, named(NAME)), { name: "Ada" });
    expect(textIn(await call(path, named(NAME), { input }))).toBe("Hello, Ada!");
    expect((await call(path, named(NAME), { input })).error).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/has ended/),
    });
  });

  it("is notified that its caller has disconnected, and ends the call", async () => {
    const counts = async (): Promise<{ running: number; cancelled: number }> =>
      JSON.parse(textIn(await call(path, named("test_slow_calls"))));
    const before = await counts();
    const leaving = new AbortController();
    const params = { name: named("test_slow"), arguments: { ms: 30_000 } };
    const { signal } = leaving;
    const running = askModern(at(path), "tools/call", params, { signal }).then((answer) => answer.text());
    running.catch(() => undefined);
    await expect.poll(async () => (await counts()).running).toBe(before.running + 1);
    leaving.abort();
    await expect
      .poll(counts, { timeout: 10_000 })
      .toEqual({ running: before.running, cancelled: before.cancelled + 1 });
  });

  it("serves many calls at once, each with its own progress and its own question", async () => {
    const labels = ["one", "two", "three", "four", "five"];
    const asking = labels.map(async (label) => {
      const args = { message: `Who is ${label}?` };
      const asked = await call(path, named("test_elicitation"), { args });
      expect(questionIn(asked).params?.message).toBe(`Who is ${label}?`);
      const input = inputFor(asked, { username: label, email: `${label}@example.org` });
      expect(textIn(await call(path, named("test_elicitation"), { args, input }))).toContain(
        `${label}@example.org`,
      );
    });
    const progressing = labels.map(async (progressToken) => {
      const received: RpcMessage[] = [];
      const params = { name: named("test_tool_with_progress"), arguments: {}, _meta: { progressToken } };
      const answer = await answerIn(
        await askModern(at(path), "tools/call", params, { id: progressToken }),
        (one) => received.push(one),
      );
      expect(answer.id).toBe(progressToken);
      const expected = [0, 50, 100].map((progress) => ({ progressToken, progress }));
      expect(received.map(({ params: reported }) => reported)).toMatchObject(expected);
    });
    await Promise.all([...asking, ...progressing]);
  });
});

describe("a page to visit", () => {
  const url = "https://example.org/consent";
  // The published server requests roots a moment after initialization, in the middle of whatever runs then.
  const visit = (path: string, name: string, calling: Calling) =>
    call(path, name, { ...calling, capabilities: { elicitation: { url: {} } } });

  it.each([
    ["alone", "/published", "trigger-url-elicitation"],
    ["among others", "", "trigger-url-elicitation"],
  ])("is requested by a server %s, in either of the two legacy ways", async (_place, path, name) => {
    const args = { url, message: "Please agree.", elicitationId: crypto.randomUUID() };
    const accepted = (asked: RpcMessage) => {
      const { key, requestState } = questionIn(asked);
      return { inputResponses: { [key]: { action: "accept" } }, requestState };
    };
    const asked = await visit(path, name, { args });
    expect(questionIn(asked).params).toMatchObject({ mode: "url", url });
    expect(textIn(await visit(path, name, { args, input: accepted(asked) }))).toMatch(/completed/i);

    const strict = { ...args, elicitationId: crypto.randomUUID(), errorPath: true };
    const first = await visit(path, name, { args: strict });
    expect(questionIn(first).params).toMatchObject({ mode: "url", url: "https://modelcontextprotocol.io" });
    const second = await visit(path, name, { args: strict, input: accepted(first) });
    expect(questionIn(second).params).toMatchObject({ mode: "url", url });
    expect(textIn(await visit(path, name, { args: strict, input: accepted(second) }))).toMatch(/completed/i);
  });
});

describe("sessions with a legacy server", () => {
  const sessionsOf = (method: string) =>
    tiny.received.flatMap((one) => (one.method === method && one.session !== undefined ? [one.session] : []));

  it("serve one call after the other of their principal, and of no other", async () => {
    for (let n = 0; n < 3; n += 1) expect(textIn(await call("/tiny", "hello"))).toBe("tiny:hello");
    await call("/tiny", "hello", { key: await tenant.addKey() });
    const [own, second, third, other] = sessionsOf("tools/call");
    expect([second, third]).toEqual([own, own]);
    expect(other).not.toBe(own);
  });
});

describe("a task", () => {
  const tasks = { capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } };
  const task = z.looseObject({ taskId: z.string(), status: z.string() });

  it("is its principal's alone, among many servers", async () => {
    const begun = await modern(
      at(""),
      "tools/call",
      { name: "modern__slow_compute", arguments: { seconds: 0.3 } },
      tasks,
    );
    const { taskId } = task.parse(begun.result);
    const stranger = at("", await tenant.addKey());
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      const { error } = await modern(stranger, method, { taskId, inputResponses: {} }, tasks);
      expect(error, method).toMatchObject({ code: -32602 });
    }
    await wait(500);
    const { result } = await modern(at(""), "tasks/get", { taskId }, tasks);
    expect(task.parse(result).status).toBe("completed");
  });
});
