/** The handshake of the legacy era, and how the way of using HTTP is found by it. */
import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { UpstreamChannel } from "../../../src/upstream/connection/channel.ts";
import { connectLegacy } from "../../../src/upstream/protocol/legacy-session.ts";
import { targetAt, tools, watch } from "../../fixtures/channels.ts";
import { connect } from "../../fixtures/legacy-peers.ts";
import { answerJson, type Behaviour, type Recorder, startRecorder } from "../../fixtures/recorder.ts";

let peer: Recorder;
let channel: UpstreamChannel | undefined;

beforeAll(async () => {
  peer = await startRecorder();
});
afterAll(() => peer?.close());
beforeEach(() => {
  peer.requests.length = 0;
});
afterEach(async () => {
  peer.behave((_request, response) => void response.writeHead(405).end());
  await channel?.close();
  channel = undefined;
});

const RESULT = { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "x" } };
const initializeWith =
  (answer: object, headers: Record<string, string> = {}): Behaviour =>
  (request, response) => {
    const { id, method } = request.method === "POST" ? JSON.parse(String(request.body)) : {};
    if (method !== "initialize") return void response.writeHead(202).end();
    return answerJson({ jsonrpc: "2.0", id, ...answer }, 200, headers)(request, response);
  };
const said = () =>
  peer.requests.map(({ method, body }) => `${method} ${body.length && JSON.parse(String(body)).method}`);

describe("the handshake", () => {
  it("sends the client information, accepts an older revision, and confirms the initialization", async () => {
    peer.behave(initializeWith({ result: RESULT }, { "mcp-session-id": "s" }));
    const session = await connect(peer.url, "http");
    channel = session.channel;
    expect(session.initialized).toEqual({ ...RESULT, instructions: undefined });
    expect(channel.revision).toBe("2025-06-18");
    expect(said()).toEqual(["POST initialize", "POST notifications/initialized"]);
    expect(JSON.parse(String(peer.requests[0]?.body))).toMatchObject({
      id: expect.stringMatching(/^gateway-initialize-/),
      params: { protocolVersion: "2025-11-25", clientInfo: { name: "gateway" }, capabilities: { roots: {} } },
    });
    expect(peer.requests[0]?.headers).not.toHaveProperty("mcp-protocol-version");
    expect(peer.requests[1]?.headers).toMatchObject({
      "mcp-protocol-version": "2025-06-18",
      "mcp-session-id": "s",
    });
  });

  it.each<[string, object, object]>([
    [
      "an unknown revision",
      { result: { ...RESULT, protocolVersion: "1999-01-01" } },
      { code: "upstream_unsupported" },
    ],
    [
      "a modern revision",
      { result: { ...RESULT, protocolVersion: "2026-07-28" } },
      { code: "upstream_unsupported" },
    ],
    ["no revision", { result: {} }, { code: "upstream_invalid" }],
    [
      "an error",
      { error: { code: -32603, message: "Out of order" } },
      { code: "upstream_invalid", message: expect.stringContaining('"Out of order"') },
    ],
  ])("fails on %s, ends the session, and reports it once", async (_name, answer, expected) => {
    peer.behave(initializeWith(answer, { "mcp-session-id": "s" }));
    const { events, endings } = watch();
    const client = {
      revision: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "gateway", version: "1" },
    };
    const options = { target: targetAt(peer.url), transport: "http", deps: tools, events, client } as const;
    await expect(connectLegacy(options)).rejects.toMatchObject(expected);
    expect(said()).toEqual(["POST initialize", "DELETE 0"]);
    expect(endings).toEqual([]);
  });

  it("fails when the server does not take our word", async () => {
    peer.behave((request, response) => {
      const isFirst = String(request.body).includes('"initialize"');
      return isFirst
        ? initializeWith({ result: RESULT })(request, response)
        : void response.writeHead(500).end();
    });
    await expect(connect(peer.url, "http")).rejects.toMatchObject({ code: "upstream_unreachable" });
  });

  it("is canceled when the caller disconnects", async () => {
    peer.behave(() => undefined);
    await expect(connect(peer.url, "http", { signal: AbortSignal.timeout(100) })).rejects.toThrow("canceled");
    await peer.requests[0]?.hungUp;
  });

  it("needs a registered server for a connector", async () => {
    await expect(connect(peer.url, "stdio")).rejects.toMatchObject({
      code: "upstream_unsupported",
      message: expect.stringContaining("connector"),
    });
  });
});

describe("a server that refuses the POST", () => {
  const oldWay =
    (refusal: Behaviour): Behaviour =>
    (request, response) => {
      if (request.method === "GET") {
        stream = response.writeHead(200, { "content-type": "text/event-stream" });
        stream.write("event: endpoint\ndata: /post\n\n");
        return;
      }
      if (request.url !== "/post") return refusal(request, response);
      response.writeHead(202).end();
      const { id, method } = JSON.parse(String(request.body));
      if (method === "initialize") {
        stream?.write(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result: RESULT })}\n\n`);
      }
    };
  let stream: ServerResponse | undefined;

  it.each<[string, Behaviour]>([
    ["404", answerJson({}, 404)],
    ["405", answerJson({}, 405)],
    ["400", answerJson({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } }, 400)],
  ])("with %s is reached in the old way", async (_name, refusal) => {
    peer.behave(oldWay(refusal));
    const session = await connect(peer.url, "http");
    channel = session.channel;
    expect(peer.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /mcp",
      "GET /mcp",
      "POST /post",
      "POST /post",
    ]);
    expect(session.watched.endings).toEqual([]);
    stream?.end();
    expect(await session.watched.closed).toMatchObject({ code: "upstream_unreachable" });
  });

  it.each<[string, Behaviour, object]>([
    ["401", answerJson({}, 401), { code: "upstream_refused" }],
    ["500", answerJson({}, 500), { upstreamStatus: 500 }],
    [
      "a modern server's error",
      answerJson({ jsonrpc: "2.0", id: null, error: { code: -32022, message: "2026-07-28 only" } }, 400),
      { message: expect.stringContaining("2026-07-28 only") },
    ],
  ])("with %s is not", async (_name, refusal, expected) => {
    peer.behave(oldWay(refusal));
    await expect(connect(peer.url, "http")).rejects.toMatchObject(expected);
    expect(peer.requests.map(({ method }) => method)).toEqual(["POST"]);
  });

  it("and supports no older transport, decides by its first error", async () => {
    peer.behave((request, response) =>
      answerJson({}, request.method === "POST" ? 404 : 500)(request, response),
    );
    await expect(connect(peer.url, "http")).rejects.toMatchObject({ upstreamStatus: 404 });
  });

  it("and sends our messages elsewhere, is refused", async () => {
    peer.behave((request, response) => {
      if (request.method === "POST") return void response.writeHead(404).end();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("event: endpoint\ndata: https://evil.example/\n\n");
    });
    await expect(connect(peer.url, "http")).rejects.toMatchObject({ code: "upstream_refused" });
  });
});
