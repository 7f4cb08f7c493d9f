/** Whatever is sent: what is right crosses untouched, what is wrong is refused in order, and nothing takes the gateway down. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Attack, attacks, SOUND } from "../fixtures/attacks.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { type Recorded, type Recorder, startRecorder } from "../fixtures/recorder.ts";
import { startTinyServers, type TinyServers } from "../fixtures/tiny-servers.ts";
import { askModern, LegacySession, META, MODERN, send } from "../fixtures/wire.ts";
import { runs } from "../support/runs.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let recorder: Recorder;
let tinies: TinyServers;

beforeAll(async () => {
  [gateway, recorder, tinies] = await Promise.all([
    startGateway(databaseOfThisRun()),
    startRecorder(),
    startTinyServers(),
  ]);
  const offered = { tools: ["hello"], resources: ["note://one"] };
  const [modern, legacy] = [
    tinies.add("modern", offered),
    tinies.add("legacy", { era: "legacy", ...offered }),
  ];
  tenant = await gateway.addTenant({
    servers: [
      // Most of the streams below end without an answer, which must not open this server's circuit breaker.
      { name: "recorder", url: recorder.url, settings: { breaker: { minimumCalls: 10_000 } } },
      { name: "modern", url: modern.url },
      { name: "legacy", url: legacy.url },
    ],
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([recorder?.close(), tinies?.close()]);
});

const at = (path: string) => ({ url: `${gateway.url}/mcp${path}`, key: tenant.apiKey });

describe("through the pass-through", () => {
  const blank = fc.constantFrom("", " ", "\n", "\t ", "\r\n");
  const text = fc.string({ unit: "grapheme" });
  /** What parsing and writing anew would change. */
  const oddities = fc.constantFrom(
    "1.0",
    "1e2",
    "-0",
    "12345678901234567890",
    '"\\u0041\\/"',
    '"\\ud800"',
    '{"a":1,"a":2}',
  );
  const value = fc.oneof(
    fc.jsonValue().map((any) => JSON.stringify(any)),
    oddities,
  );
  const headers = fc
    .dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/), fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/))
    .map((given) =>
      Object.fromEntries(Object.entries(given).map(([name, own]) => [`mcp-param-${name}`, own])),
    );

  /** A malformed request of either era. */
  const request = fc
    .record({
      id: fc.oneof(text, fc.integer()),
      method: text,
      extra: value,
      blank,
      headers,
      isModern: fc.boolean(),
    })
    .map(({ id, method, extra, blank: gap, headers: params, isModern }) => {
      const meta = { [`${META}/protocolVersion`]: MODERN, [`${META}/clientCapabilities`]: {} };
      const own = isModern ? `,"_meta":${JSON.stringify(meta)}` : "";
      const name = JSON.stringify(`x/${encodeURIComponent(method)}`);
      return {
        body: `${gap}{"x":${extra},${gap}"jsonrpc"${gap}:"2.0","id":${JSON.stringify(id)},"method":${name},"params":{"x":${extra}${own}}${gap}}${gap}`,
        headers: {
          ...params,
          ...(isModern && { "mcp-protocol-version": MODERN, "mcp-method": JSON.parse(name) }),
        },
      };
    });

  const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
  const line = fc.oneof(
    value.map((data) => `data: ${data}`),
    text.map((comment) => `:${comment.replace(/[\r\n]/g, " ")}`),
    fc.constantFrom(
      "retry: 10",
      "retry: soon",
      "id: 1",
      "id",
      "event: message",
      "data",
      "unknown: field",
      "data:x",
    ),
  );
  const eventStream = fc
    .array(fc.tuple(fc.array(line, { maxLength: 4 }), lineEnd))
    .map((blocks) => blocks.map(([lines, end]) => [...lines, "", ""].join(end)).join(""));

  const MISSING_ANSWER =
    /^(?:\n\nevent: message\ndata: \{"jsonrpc":"2.0","id":[^\r\n]*"code":-31502,[^\r\n]*\}\n\n)?$/;

  async function through(
    sent: { body: string; headers: Record<string, string> },
    answer: (to: Recorded) => Answer,
  ) {
    recorder.requests.length = 0;
    recorder.behave(async (recorded, response) => {
      const { type, pieces } = answer(recorded);
      response.writeHead(200, { "content-type": type });
      for (const piece of pieces) await new Promise((resolve) => response.write(piece, resolve));
      response.end();
    });
    const response = await send(at("/recorder"), sent.body, { headers: sent.headers });
    const [recorded, ...more] = recorder.requests;
    expect(more).toEqual([]);
    expect(recorded?.body.toString()).toBe(sent.body);
    expect(recorded?.headers).toMatchObject(sent.headers);
    return Buffer.from(await response.arrayBuffer()).toString();
  }

  it("requests and JSON answers come out byte by byte", async () => {
    await fc.assert(
      fc.asyncProperty(request, value, blank, async (sent, result, gap) => {
        const reply = `${gap}{"result":${result},${gap}"jsonrpc":"2.0","id":1, "more":${result}}${gap}`;
        expect(await through(sent, () => ({ type: "application/json", pieces: [reply] }))).toBe(reply);
      }),
      { numRuns: runs(100) },
    );
  });

  it("requests and event streams come out byte by byte, wherever the stream is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        request,
        eventStream,
        fc.array(fc.nat(200), { maxLength: 3 }),
        async (sent, stream, cuts) => {
          const bytes = Buffer.from(stream);
          const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted(
            (a, b) => a - b,
          );
          const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
          const received = await through(sent, () => ({ type: "text/event-stream", pieces }));
          expect(received.slice(0, stream.length)).toBe(stream);
          // Where the server ended its stream without an answer, the gateway gives one.
          expect(received.slice(stream.length)).toMatch(MISSING_ANSWER);
        },
      ),
      { numRuns: runs(100) },
    );
  });
});

interface Answer {
  readonly type: string;
  readonly pieces: readonly (string | Uint8Array)[];
}

describe("invalid input", () => {
  const PATHS = ["", "/recorder", "/modern", "/legacy", "/nowhere", "/%00", "/a%2Fb"];
  const WAIT_TIMEOUT_MS = 5000;
  let sessions: Map<string, string>;

  beforeAll(async () => {
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      serverInfo: { name: "r", version: "1" },
    };
    recorder.behave((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "mcp-session-id": "s" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 0, result }));
    });
    const opened = ["", "/recorder", "/modern", "/legacy"].map(async (path) => {
      const { id } = await LegacySession.begin(at(path));
      return [path, id] as const;
    });
    sessions = new Map(await Promise.all(opened));
  });

  async function sendAttack(path: string, { method, headers, body }: Attack, session: string | undefined) {
    const sent: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${tenant.apiKey}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        // A deleted session cannot be used any more.
        ...(session !== undefined && method !== "DELETE" && { "mcp-session-id": session }),
        ...headers,
      },
      signal: AbortSignal.timeout(WAIT_TIMEOUT_MS),
      ...(method === "POST" && { body: Buffer.from(body) }),
    };
    const response = await fetch(`${gateway.url}/mcp${path}`, sent);
    const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    // These streams last as long as the client listens.
    const isEndless = isStream && (method === "GET" || Buffer.from(body).includes("subscriptions/listen"));
    if (isEndless) await response.body?.cancel();
    return { response, isStream, text: isEndless ? "" : await response.text() };
  }

  async function isAnsweredInOrder(path: string, attack: Attack, session?: string) {
    const { response, isStream, text } = await sendAttack(path, attack, session);
    expect(text).not.toMatch(/\n\s+at |\.ts:\d|\.js:\d|node_modules|TypeError|RangeError|SyntaxError/);
    expect(text).not.toContain("-32603");
    if (response.status >= 500)
      for (const { error } of problems.parse([JSON.parse(text)].flat()))
        expect(error.data.reason).toMatch(/^upstream_/);
    else if (response.status >= 400 && text !== "")
      expect(() => refusals.parse(JSON.parse(text))).not.toThrow();
    else if (!isStream && text !== "") expect(() => JSON.parse(text)).not.toThrow();
  }

  it("is answered in order, at every endpoint, with a session and without", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PATHS), attacks, fc.boolean(), (path, attack, hasSession) =>
        isAnsweredInOrder(path, attack, hasSession ? sessions.get(path) : undefined),
      ),
      { numRuns: runs(1500) },
    );
  });

  it.each<[string, Buffer]>([
    ["ever deeper lists", Buffer.from("[".repeat(1_000_000))],
    ["ever deeper objects", Buffer.from('{"a":'.repeat(500_000))],
    ["an endless text", Buffer.from(`"${"a".repeat(3_000_000)}`)],
    ["endless backslashes", Buffer.from(`"${"\\".repeat(3_000_000)}`)],
    ["a huge request", Buffer.from(JSON.stringify({ ...SOUND[0], x: "a".repeat(3_900_000) }))],
    ["too huge a request", Buffer.from(JSON.stringify({ ...SOUND[0], x: "a".repeat(4_500_000) }))],
    [
      "a batch of thousands",
      Buffer.from(
        JSON.stringify(Array.from({ length: 5000 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }))),
      ),
    ],
    ["a number without end", Buffer.from(`{"jsonrpc":"2.0","id":${"9".repeat(1_000_000)},"method":"ping"}`)],
    ["many members", Buffer.from(`{${Array.from({ length: 100_000 }, (_, n) => `"${n}":0`).join()}}`)],
    ["UTF-16", Buffer.from(JSON.stringify(SOUND[0]), "utf16le")],
    ["nothing but zeros", Buffer.alloc(100_000)],
  ])("be it %s", async (_what, body) => {
    for (const path of ["", "/recorder", "/modern", "/legacy"]) {
      await isAnsweredInOrder(path, { method: "POST", headers: {}, body });
      await isAnsweredInOrder(path, { method: "POST", headers: {}, body }, sessions.get(path));
    }
  });

  it("and the gateway serves on", async () => {
    const session = await LegacySession.begin(at("/modern"));
    expect((await session.call("hello")).result).toBeDefined();
  });
});

describe("servers that rave", () => {
  const result = { content: [{ type: "text", text: "hi" }] };
  const answer = fc.constantFrom<unknown>(
    { jsonrpc: "2.0", id: "$id", result },
    { jsonrpc: "2.0", id: "another", result },
    { jsonrpc: "2.0", id: "$id", error: { code: "bad", message: 7 } },
    { jsonrpc: "2.0", id: "$id", error: "bad" },
    { jsonrpc: "2.0", id: null, error: { code: -32700, message: "what?" } },
    {
      jsonrpc: "2.0",
      id: 1,
      result: { resultType: "input_required", inputRequests: [null, 1], requestState: {} },
    },
    { jsonrpc: "2.0", id: "$id", result: { resultType: "task", taskId: { a: 1 } } },
    { jsonrpc: "2.0", id: "$id", result: null, error: null },
    { jsonrpc: "2.0", id: 7, method: "sampling/createMessage", params: [] },
    { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken: {}, progress: "x" } },
    [{ jsonrpc: "2.0", id: "$id", result }, null, []],
    null,
    "text",
  );
  const text = fc.oneof(
    answer.map((said) => JSON.stringify(said)),
    answer.map((said) => JSON.stringify(said).slice(0, -3)),
    fc.constantFrom("", "<html>", "[".repeat(3000), "\0"),
  );
  const body = fc.oneof(
    text,
    fc
      .array(text, { maxLength: 3 })
      .map((all) => all.map((data) => `id: 1\nretry: 1\ndata: ${data}\n\n`).join("")),
  );
  const raving = fc.record({
    status: fc.constantFrom(200, 200, 200, 200, 202, 400, 404, 405, 418, 429, 500, 503),
    type: fc.constantFrom("application/json", "text/event-stream", "text/html", "", "application/json;"),
    body,
  });
  const name = (prefix: string) => ({ name: `${prefix}hello`, arguments: {} });

  it.each(["modern", "legacy"])(
    "in place of a %s one, are reported as errors that clients can handle",
    async (era) => {
      const tiny = tinies.add(`raving-${era}`, {
        era: era === "modern" ? "modern" : "legacy",
        tools: ["hello"],
      });
      await tenant.addServer({ name: tiny.name, url: tiny.url, settings: { idleTimeoutMs: 1000 } });
      const places = [at(""), at(`/${tiny.name}`)];
      const held = await Promise.all(places.map((place) => LegacySession.begin(place)));
      await fc.assert(
        fc.asyncProperty(raving, fc.constantFrom(0, 1), fc.boolean(), async (said, place, isModern) => {
          tiny.raving = undefined;
          const session = held[place];
          const params = name(place === 0 ? `${tiny.name}__` : "");
          tiny.raving = said;
          const response = isModern
            ? await askModern(places[place] ?? at(""), "tools/call", params, {
                signal: AbortSignal.timeout(5000),
              })
            : await session?.request("tools/call", params, { signal: AbortSignal.timeout(5000) });
          const reported = (await response?.text()) ?? "";
          expect(reported).not.toMatch(/\n\s+at |node_modules|TypeError|RangeError|SyntaxError/);
          expect(reported).not.toContain("The request failed");
        }),
        { numRuns: runs(300) },
      );
    },
  );
});

const refusal = z.union([
  z.looseObject({
    jsonrpc: z.literal("2.0"),
    error: z.looseObject({ code: z.number(), message: z.string() }),
  }),
  z.looseObject({ type: z.string(), title: z.string(), status: z.number() }),
]);
/** A batch gets an error for each of its requests. */
const refusals = z.union([refusal, z.array(refusal)]);

const problems = z.array(
  z.looseObject({
    error: z.looseObject({ data: z.looseObject({ reason: z.string() }) }),
  }),
);
