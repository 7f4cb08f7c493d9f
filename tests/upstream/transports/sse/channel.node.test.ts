/** HTTP+SSE of 2024-11-05, against the published server and against ones that misbehave. */
import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SessionLostError, type UpstreamChannel } from "../../../../src/upstream/connection/channel.ts";
import { openSseChannel } from "../../../../src/upstream/transports/sse/channel.ts";
import { call, request, targetAt, tools, watch } from "../../../fixtures/channels.ts";
import type { Started } from "../../../fixtures/everything/start.ts";
import { connect } from "../../../fixtures/legacy-peers.ts";
import { startPublishedEverything } from "../../../fixtures/published-everything.ts";
import { type Recorder, startRecorder } from "../../../fixtures/recorder.ts";

let published: Started;
let peer: Recorder;
let channel: UpstreamChannel | undefined;

beforeAll(async () => {
  [published, peer] = await Promise.all([startPublishedEverything("sse"), startRecorder()]);
});
afterAll(async () => {
  await Promise.all([published?.close(), peer?.close()]);
});
beforeEach(() => {
  peer.requests.length = 0;
});
afterEach(() => channel?.close());

describe.each([
  ["sse", ""],
  ["http, whose POST is refused", "http"],
] as const)("with the published server, registered as %s", (_name, registered) => {
  const open = async () => {
    const session = await connect(published.url, registered === "http" ? "http" : "sse");
    channel = session.channel;
    return session;
  };

  it("begins a session, calls, receives requests and progress", async () => {
    const { channel, initialized, watched } = await open();
    expect(initialized.serverInfo).toMatchObject({ name: expect.stringContaining("everything") });
    expect(channel.sessionId).toBeUndefined();
    expect(await channel.listen()).toBe(true);
    expect(JSON.stringify(await channel.request(call("echo", { message: "hello" })))).toContain(
      "Echo: hello",
    );
    const sampled = await channel.request(
      call("trigger-sampling-request", { prompt: "Capital?", maxTokens: 5 }),
    );
    expect(JSON.stringify(sampled)).toContain("Paris");
    const elicited = await channel.request(call("trigger-elicitation-request"));
    expect(JSON.stringify(elicited)).toContain("Ada");
    await channel.request(
      call("trigger-long-running-operation", { duration: 0.2, steps: 2 }, { progressToken: 7 }),
    );
    expect(watched.methods().filter((method) => method === "notifications/progress")).toHaveLength(2);
  });

  it("keeps parallel calls apart and cancels one", async () => {
    const { channel } = await open();
    const timeouts = new AbortController();
    const slow = call("trigger-long-running-operation", { duration: 30, steps: 1 });
    const given = channel.request(slow, { signal: timeouts.signal });
    const messages = Array.from({ length: 20 }, (_, n) => call("echo", { message: `no ${n}.` }));
    const answers = await Promise.all(messages.map((message) => channel.request(message)));
    expect(answers.every((answer, n) => JSON.stringify(answer).includes(`no ${n}.`))).toBe(true);
    timeouts.abort();
    await expect(given).rejects.toThrow("canceled");
    expect(await channel.request(request("ping"))).toMatchObject({ result: {} });
  });
});

describe("with a server that misbehaves", () => {
  let stream: ServerResponse | undefined;
  const streamWith =
    (first: string, post: (response: ServerResponse) => void = (response) => response.writeHead(202).end()) =>
    ({ method }: { method: string }, response: ServerResponse) => {
      if (method === "POST") return post(response);
      stream = response;
      response.writeHead(200, { "content-type": "text/event-stream" }).write(first);
    };
  const ENDPOINT = "event: endpoint\ndata: /messages?sessionId=1\n\n";
  const streamHungUp = () => peer.requests.find(({ method }) => method === "GET")?.hungUp;
  const open = async (times = {}) => {
    const watched = watch();
    channel = await openSseChannel({
      target: targetAt(peer.url, times),
      deps: tools,
      events: watched.events,
    });
    return { channel, watched };
  };

  it.each([
    ["another host", "http://127.0.0.2:9/messages"],
    ["another scheme", "https://127.0.0.1/messages"],
    ["a private address", "http://10.0.0.1/messages"],
    ["a host without a scheme", "//evil.example/messages"],
    ["no HTTP at all", "file:///etc/passwd"],
  ])("never posts to %s", async (_name, endpoint) => {
    peer.behave(streamWith(`event: endpoint\ndata: ${endpoint}\n\n`));
    await expect(open()).rejects.toMatchObject({ code: "upstream_refused" });
    await streamHungUp();
    expect(peer.requests).toHaveLength(1);
  });

  it("follows its endpoint only as far as the guard lets it", async () => {
    peer.behave(
      (_request, response) => void response.writeHead(302, { location: "http://10.0.0.1/sse" }).end(),
    );
    await expect(open()).rejects.toMatchObject({ code: "upstream_refused" });
  });

  it("does not wait for an endpoint for ever", async () => {
    peer.behave(streamWith(": nothing yet\n\n"));
    await expect(open({ firstByteTimeoutMs: 150 })).rejects.toMatchObject({ code: "upstream_timeout" });
    await streamHungUp();
  });

  it("sends the credential along, and takes 200 for 202", async () => {
    peer.behave(streamWith(ENDPOINT, (response) => response.end("ok")));
    const { channel } = await open({ credential: ["authorization", "Bearer secret"] });
    await channel.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    expect(peer.requests.map(({ method, url, headers }) => [method, url, headers.authorization])).toEqual([
      ["GET", "/mcp", "Bearer secret"],
      ["POST", "/messages?sessionId=1", "Bearer secret"],
    ]);
  });

  it("fails everything that waits when the stream ends", async () => {
    peer.behave(streamWith(ENDPOINT));
    const { channel, watched } = await open();
    const waiting = [channel.request(request("ping")), channel.request(request("ping"))];
    const failures = Promise.all(
      waiting.map((answer) => expect(answer).rejects.toThrow("closed the connection")),
    );
    await expect.poll(() => peer.requests.length).toBe(3);
    stream?.end();
    await failures;
    expect(await watched.closed).toMatchObject({ code: "upstream_unreachable" });
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_unreachable" });
    expect(watched.endings).toHaveLength(1);
  });

  it("ends with what cannot be read", async () => {
    peer.behave(streamWith(ENDPOINT));
    const { channel, watched } = await open();
    const failure = expect(channel.request(request("ping"))).rejects.toMatchObject({
      code: "upstream_invalid",
    });
    stream?.write("data: {oops\n\n");
    await failure;
    expect(await watched.closed).toMatchObject({ code: "upstream_invalid" });
  });

  it("ends with a silent server only while a call waits", async () => {
    peer.behave(streamWith(ENDPOINT));
    const { channel, watched } = await open({ idleTimeoutMs: 200 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(watched.endings).toEqual([]);
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_timeout" });
    expect(await watched.closed).toMatchObject({ code: "upstream_timeout" });
    await streamHungUp();
  });

  it("waits for a server that is slow but not silent", async () => {
    peer.behave(streamWith(ENDPOINT));
    const { channel } = await open({ idleTimeoutMs: 500 });
    const message = request("ping");
    const answer = channel.request(message);
    // Longer than the idle timeout, in pauses far below it.
    for (let n = 0; n < 30; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      stream?.write(": still here\n\n");
    }
    stream?.write(`data: {"jsonrpc":"2.0","id":${message.id}.0,"result":{"big":12345678901234567890}}\n\n`);
    expect(JSON.stringify(await answer)).toBe(
      `{"jsonrpc":"2.0","id":${message.id},"result":{"big":12345678901234567890}}`,
    );
  });

  it("detects a session that is lost", async () => {
    peer.behave(streamWith(ENDPOINT, (response) => response.writeHead(404).end()));
    const { channel, watched } = await open();
    await expect(channel.request(request("ping"))).rejects.toBeInstanceOf(SessionLostError);
    expect(await watched.closed).toBeInstanceOf(SessionLostError);
  });

  it("refuses two requests under one id", async () => {
    peer.behave(streamWith(ENDPOINT));
    const { channel } = await open();
    const message = request("ping");
    const first = channel.request(message);
    await expect(channel.request(message)).rejects.toThrow("Another request with the ID");
    await expect.poll(() => peer.requests.length).toBe(2);
    stream?.write(`data: {"jsonrpc":"2.0","id":${message.id},"result":{}}\n\n`);
    expect(await first).toMatchObject({ result: {} });
  });
});
