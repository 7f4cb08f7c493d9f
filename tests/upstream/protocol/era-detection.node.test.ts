/** The detection of eras, and modern requests. */
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Transport } from "../../../src/core/enums.ts";
import type { JsonObject } from "../../../src/core/mcp/json-rpc.ts";
import type { HeaderMap } from "../../../src/core/net/headers.ts";
import { detectEra } from "../../../src/upstream/protocol/era-detection.ts";
import { sendModernRequest } from "../../../src/upstream/protocol/modern-request.ts";
import { targetAt, tools } from "../../fixtures/channels.ts";
import { type Started, startEverything } from "../../fixtures/everything/start.ts";
import { startPublishedEverything } from "../../fixtures/published-everything.ts";
import { answerJson, type Behaviour, type Recorder, startRecorder } from "../../fixtures/recorder.ts";

const clientInfo = { name: "gateway", version: "1.0.0" };
const eraOf = (url: string, transport: Transport = "http", times = {}) =>
  detectEra({ target: targetAt(url, times), transport, tools, clientInfo });

let fixture: Started;
let peer: Recorder;

beforeAll(async () => {
  [fixture, peer] = await Promise.all([startEverything(), startRecorder()]);
});
afterAll(async () => {
  await Promise.all([fixture?.close(), peer?.close()]);
});
beforeEach(() => {
  peer.requests.length = 0;
});

describe("the era of real servers", () => {
  it("is modern where a server supports both", async () => {
    expect(await eraOf(fixture.url)).toMatchObject({
      era: "modern",
      discovered: { resultType: "complete", capabilities: { tools: {} }, supportedVersions: ["2026-07-28"] },
    });
  });

  it.each(["sse", "streamableHttp"] as const)("is legacy for the published server (%s)", async (mode) => {
    const published = await startPublishedEverything(mode);
    expect(await eraOf(published.url)).toEqual({ era: "legacy" });
    await published.close();
  });

  it("is known without a request for transports that only the legacy era has", async () => {
    expect(await eraOf(peer.url, "sse")).toEqual({ era: "legacy" });
    expect(await eraOf(peer.url, "websocket")).toEqual({ era: "legacy" });
    expect(await eraOf(peer.url, "stdio")).toEqual({ era: "legacy" });
    expect(peer.requests).toEqual([]);
  });
});

describe("the era by the answer to server/discover", () => {
  const answering =
    (status: number, answer: object): Behaviour =>
    (request, response) =>
      answerJson({ jsonrpc: "2.0", id: JSON.parse(String(request.body)).id, ...answer }, status)(
        request,
        response,
      );
  const error = (code: number, data?: object) => ({ error: { code, message: "no", ...(data && { data }) } });
  const plain =
    (status: number, body = ""): Behaviour =>
    (_request, response) =>
      void response.writeHead(status).end(body);
  const discovery = {
    resultType: "complete",
    supportedVersions: ["2026-07-28", "2025-11-25"],
    capabilities: {},
  };

  it.each<[string, Behaviour, object]>([
    ["a discovery", answering(200, { result: discovery }), { era: "modern", discovered: discovery }],
    ["a header mismatch", answering(400, error(-32020)), { era: "modern" }],
    ["a missing capability", answering(400, error(-32021)), { era: "modern" }],
    [
      "a discovery of old revisions",
      answering(200, { result: { ...discovery, supportedVersions: ["2025-11-25"] } }),
      { era: "legacy" },
    ],
    [
      "old revisions instead",
      answering(400, error(-32022, { supported: ["2025-11-25"] })),
      { era: "legacy" },
    ],
    ["an unsupported revision that names none", answering(400, error(-32022)), { era: "legacy" }],
    ["an unknown method", answering(200, error(-32601)), { era: "legacy" }],
    ["an unknown method with 404", answering(404, error(-32601)), { era: "legacy" }],
    ["invalid parameters", answering(400, error(-32602)), { era: "legacy" }],
    [
      "no session",
      answerJson({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } }, 400),
      { era: "legacy" },
    ],
    ["some result", answering(200, { result: {} }), { era: "legacy" }],
    ["400", plain(400), { era: "legacy" }],
    ["404", plain(404, "Not found"), { era: "legacy" }],
    ["405", plain(405), { era: "legacy" }],
    ["406", plain(406), { era: "legacy" }],
  ])("%s", async (_name, behaviour, expected) => {
    peer.behave(behaviour);
    expect(await eraOf(peer.url)).toMatchObject(expected);
  });

  it.each<[string, Behaviour, string]>([
    ["401", plain(401), "upstream_refused"],
    ["403", plain(403), "upstream_refused"],
    ["429", plain(429), "upstream_unreachable"],
    ["500", plain(500), "upstream_unreachable"],
    ["500 with an error", answering(500, error(-32603)), "upstream_unreachable"],
    ["a hang-up", (_request, response) => void response.destroy(), "upstream_unreachable"],
    ["silence", () => undefined, "upstream_timeout"],
    ["a web page", plain(200, "<p>Welcome"), "upstream_invalid"],
    [
      "only revisions to come",
      answering(400, error(-32022, { supported: ["2099-01-01"] })),
      "upstream_unsupported",
    ],
    ["a contradiction", answering(400, error(-32022, { supported: ["2026-07-28"] })), "upstream_invalid"],
  ])("is not known by %s", async (_name, behaviour, code) => {
    peer.behave(behaviour);
    await expect(eraOf(peer.url, "http", { firstByteTimeoutMs: 200 })).rejects.toMatchObject({ code });
  });
});

describe("a modern request", () => {
  const ask = (
    method: string,
    params: JsonObject,
    more: { signal?: AbortSignal; url?: string; headers?: HeaderMap } = {},
  ) => {
    const messages: JsonObject[] = [];
    const { url = peer.url, ...rest } = more;
    const answer = sendModernRequest({
      target: targetAt(url, { credential: ["authorization", "Bearer secret"] }),
      tools,
      id: "1",
      method,
      params,
      capabilities: { sampling: {} },
      clientInfo,
      onMessage: (message) => void messages.push(message),
      ...rest,
    });
    return { answer, messages };
  };
  const stream = (response: ServerResponse, text: string) =>
    response.writeHead(200, { "content-type": "text/event-stream" }).write(text);

  it("contains everything required, in headers and body", async () => {
    peer.behave(answerJson({ jsonrpc: "2.0", id: "1", result: {} }));
    const params = { name: "grüße", arguments: { n: 1 }, _meta: { progressToken: 3 } };
    const { answer } = ask("tools/call", params, { headers: new Map([["mcp-param-n", "1"]]) });
    expect(await answer).toEqual({ status: 200, message: { jsonrpc: "2.0", id: "1", result: {} } });
    expect(peer.requests[0]?.headers).toMatchObject({
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "=?base64?Z3LDvMOfZQ==?=",
      "mcp-param-n": "1",
      authorization: "Bearer secret",
    });
    expect(JSON.parse(String(peer.requests[0]?.body))).toEqual({
      jsonrpc: "2.0",
      id: "1",
      method: "tools/call",
      params: {
        ...params,
        _meta: {
          progressToken: 3,
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": { sampling: {} },
          "io.modelcontextprotocol/clientInfo": clientInfo,
        },
      },
    });
  });

  it.each([
    ["tools/list", {}, "result"],
    ["resources/read", { uri: "test://static-text" }, "result"],
    ["prompts/get", { name: "no such prompt" }, "error"],
  ])("is answered by a real server: %s", async (method, params, member) => {
    expect((await ask(method, params, { url: fixture.url }).answer).message).toHaveProperty(member);
  });

  it("hands over what comes before the answer", async () => {
    const params = { name: "test_tool_with_progress", arguments: {}, _meta: { progressToken: 1 } };
    const { answer, messages } = ask("tools/call", params, { url: fixture.url });
    expect((await answer).message).toHaveProperty("result");
    expect(messages.map(({ method }) => method)).toEqual(Array(3).fill("notifications/progress"));
  });

  it("resolves with an error, whatever its status", async () => {
    peer.behave(answerJson({ jsonrpc: "2.0", id: "1", error: { code: -32601, message: "no" } }, 404));
    expect(await ask("no/such", {}).answer).toMatchObject({
      status: 404,
      message: { error: { code: -32601 } },
    });
  });

  it("is lost with its stream", async () => {
    peer.behave((_request, response) => {
      stream(response, 'id: 1\ndata: {"jsonrpc":"2.0","method":"n"}\n\n');
      response.end();
    });
    const { answer, messages } = ask("tools/list", {});
    await expect(answer).rejects.toMatchObject({ code: "upstream_unreachable" });
    expect(messages).toHaveLength(1);
    expect(peer.requests).toHaveLength(1);
  });

  it("ends with its caller, and so does the server's work", async () => {
    peer.behave((_request, response) => void stream(response, ": wait\n\n"));
    const timeouts = new AbortController();
    const { answer } = ask("tools/list", {}, { signal: timeouts.signal });
    setTimeout(() => timeouts.abort(), 100);
    await expect(answer).rejects.toThrow("canceled");
    await peer.requests[0]?.hungUp;
  });
});
