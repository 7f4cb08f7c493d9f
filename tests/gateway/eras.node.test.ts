/** Every client meets every server: the official clients of both generations, servers of either era and of both. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startEverything } from "../fixtures/everything/start.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { startPublishedEverything } from "../fixtures/published-everything.ts";
import { startEverythingOnSocket } from "../fixtures/socket-server.ts";
import { connectV1, connectV2, type TestClient } from "../scripts/mcp-clients.ts";

let gateway: TestGateway;
let tenant: TestTenant;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await startGateway(databaseOfThisRun());
  const [both, legacy, modern, socket, published, publishedSse] = await Promise.all([
    startEverything(),
    startEverything({ only: "legacy" }),
    startEverything({ only: "modern" }),
    startEverythingOnSocket(),
    startPublishedEverything("streamableHttp"),
    startPublishedEverything("sse"),
  ]);
  closing.push(...[both, legacy, modern, socket, published, publishedSse].map(({ close }) => close));
  tenant = await gateway.addTenant({
    anonymous: true,
    servers: [
      { name: "both", url: both.url },
      { name: "legacy", url: legacy.url },
      { name: "modern", url: modern.url },
      { name: "socket", url: socket.url, transport: "websocket" },
      { name: "published", url: published.url },
      { name: "published-sse", url: publishedSse.url, transport: "sse" },
    ],
  });
});

afterAll(async () => {
  await gateway.close();
  await Promise.all(closing.map((close) => close()));
});

const CLIENTS: [string, (url: string) => Promise<TestClient>][] = [
  ["SDK v2, modern", (url) => connectV2(url, "auto")],
  ["SDK v2, legacy", (url) => connectV2(url, "legacy")],
  ["SDK v1", connectV1],
];

const connectTo = (connect: (url: string) => Promise<TestClient>, path: string) =>
  connect(`${gateway.url}/t/${tenant.slug}/mcp${path}`);

/** Where, and what its things are called there. */
const PLACES: [string, string, (name: string) => string][] = ["both", "legacy", "modern", "socket"].flatMap(
  (server): [string, string, (name: string) => string][] => [
    [`${server}, alone`, `/${server}`, (name) => name],
    [`${server}, among others`, "", (name) => `${server}__${name}`],
  ],
);

describe.each(CLIENTS)("%s", (_client, connect) => {
  describe.each(PLACES)("meets %s", (_place, path, named) => {
    let client: TestClient;
    beforeAll(async () => {
      client = await connectTo(connect, path);
    });
    afterAll(() => client.close());

    it.each([
      ["test_simple_text", {}, /simple text/],
      ["test_error_handling", {}, /intentionally/],
      ["test_tool_with_logging", {}, /three times/],
      ["test_sampling", { prompt: "Capital of France?" }, /LLM response: Paris/],
      ["test_elicitation", { message: "Who?" }, /action=accept.*ada@example\.org/],
      ["test_input_required_result_elicitation", {}, /Hello, Ada!/],
      ["test_input_required_result_multiple_inputs", {}, /Paris Ada, with 1 roots/],
      ["test_input_required_result_multi_round", {}, /Ada likes blue/],
      ["json_schema_2020_12_tool", { email: "ada@example.org" }, /ada@example\.org/],
      ["greet", { name: "Ada" }, /Hello, Ada!/],
    ])("and calls %s", async (tool, args, expected) => {
      expect(await client.call(named(tool), args)).toMatch(expected);
    });

    it("and gets its tools, progress, prompts and completions", async () => {
      expect(await client.tools()).toContain(named("test_simple_text"));
      expect(await client.progressOf(named("test_tool_with_progress"))).toEqual([0, 50, 100]);
      expect(await client.prompt(named("test_input_required_result_prompt"))).toBe("The context is: rain");
      const completed = await client.complete(named("test_prompt_with_arguments"), "arg1", "par");
      expect(completed).toEqual(["paris", "park", "party"]);
    });

    it("and reads its resources", async () => {
      const wrapped = (uri: string) => {
        const server = named("").replace(/__$/, "");
        return server === "" ? uri : `mcp-server:${server}/${uri}`;
      };
      expect(await client.read(wrapped("test://static-text"))).toMatch(/static text resource/);
      expect(await client.read(wrapped("test://template/7/data"))).toMatch(/"id":"7"/);
      await expect(client.read(wrapped("test://nowhere"))).rejects.toThrow(/not found|nowhere/i);
    });

    it("and is notified of its tools that come and go", async () => {
      const changed = vi.fn();
      await client.onToolsChanged(changed);
      await vi.waitFor(
        async () => {
          await client.call(named("test_trigger_tool_change"));
          expect(changed).toHaveBeenCalled();
        },
        { timeout: 10_000, interval: 200 },
      );
    });
  });

  it("is notified of a resource that it watches, on any server", async () => {
    for (const server of ["legacy", "modern"]) {
      const client = await connectTo(connect, `/${server}`);
      const updated: string[] = [];
      await client.onResourceUpdated("test://watched-resource", (uri) => updated.push(uri));
      await vi.waitFor(
        async () => {
          await client.call("test_trigger_resource_update");
          expect(updated).toContain("test://watched-resource");
        },
        { timeout: 10_000, interval: 200 },
      );
      await client.close();
    }
  });

  it.each(["published", "published-sse"])("meets the server %s of the protocol's authors", async (server) => {
    const client = await connectTo(connect, `/${server}`);
    expect(await client.tools()).toContain("echo");
    expect(await client.call("echo", { message: "hello" })).toMatch(/hello/);
    expect(await client.call("get-sum", { a: 2, b: 3 })).toMatch(/5/);
    expect(
      await client.call("trigger-sampling-request", { prompt: "Capital of France?", maxTokens: 10 }),
    ).toMatch(/Paris/);
    expect(await client.call("trigger-elicitation-request", {})).toMatch(/accept|provided|Ada/i);
    // It reports progress on its general stream, so the last of it may come after the response, or before the stream.
    const progress = await client.progressOf("trigger-long-running-operation", { duration: 0.6, steps: 6 });
    expect(progress.length).toBeGreaterThan(0);
    await client.close();
  });
});
