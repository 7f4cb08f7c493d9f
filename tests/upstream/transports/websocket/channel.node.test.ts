/** JSON-RPC over WebSocket, against the everything fixture on a socket and against servers that misbehave. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Heartbeat, UpstreamChannel } from "../../../../src/upstream/connection/channel.ts";
import { openWebSocketChannel } from "../../../../src/upstream/transports/websocket/channel.ts";
import { call, request, targetAt, tools, watch } from "../../../fixtures/channels.ts";
import { connect } from "../../../fixtures/legacy-peers.ts";
import { startRecorder } from "../../../fixtures/recorder.ts";
import {
  type SocketBehaviour,
  type SocketServer,
  startEverythingOnSocket,
  startSocketServer,
} from "../../../fixtures/socket-server.ts";

describe("with the fixture", () => {
  let fixture: SocketServer;
  let channel: UpstreamChannel | undefined;

  beforeAll(async () => {
    fixture = await startEverythingOnSocket();
  });
  afterAll(() => fixture?.close());
  afterEach(() => channel?.close());

  it("begins a session, calls, receives requests, progress and changes", async () => {
    const session = await connect(fixture.url, "websocket", {
      credential: ["authorization", "Bearer secret"],
    });
    channel = session.channel;
    expect(fixture.connections.at(-1)?.headers).toMatchObject({
      authorization: "Bearer secret",
      "sec-websocket-protocol": "mcp",
    });
    expect(session.initialized.serverInfo).toMatchObject({ name: "everything" });
    expect(await channel.listen()).toBe(true);
    const sampled = await channel.request(call("test_sampling", { prompt: "Capital?" }));
    expect(JSON.stringify(sampled)).toContain("Paris");
    const elicited = await channel.request(call("test_elicitation", { message: "Who?" }));
    expect(JSON.stringify(elicited)).toContain("ada@example.org");
    await channel.request(call("test_tool_with_progress", {}, { progressToken: 1 }));
    expect(session.watched.methods().filter((method) => method === "notifications/progress")).toHaveLength(3);
    expect(session.watched.messages.every(({ relatedTo }) => relatedTo === undefined)).toBe(true);
  });

  it("keeps parallel calls apart, cancels one, and ends when it is closed", async () => {
    const session = await connect(fixture.url, "websocket");
    channel = session.channel;
    const timeouts = new AbortController();
    const slow = channel.request(call("test_slow", { ms: 20_000 }), { signal: timeouts.signal });
    const messages = Array.from({ length: 30 }, () => call("test_slow", { ms: 20 }));
    const answers = await Promise.all(messages.map((message) => session.channel.request(message)));
    expect(answers.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    timeouts.abort();
    await expect(slow).rejects.toThrow("canceled");
    const last = expect(channel.request(call("test_slow", { ms: 20_000 }))).rejects.toThrow("has ended");
    await channel.close();
    await last;
    expect(await fixture.connections.at(-1)?.closed).toBe(1000);
    expect(session.watched.endings).toEqual([undefined]);
    await expect(channel.send({ jsonrpc: "2.0", method: "x" })).rejects.toThrow("has ended");
  });
});

describe("with a server that misbehaves", () => {
  let server: SocketServer | undefined;
  let channel: UpstreamChannel | undefined;

  afterEach(async () => {
    await channel?.close();
    await server?.close();
    [server, channel] = [undefined, undefined];
  });

  async function open(
    behaviour: SocketBehaviour,
    heartbeat?: Heartbeat,
    times: { idleTimeoutMs?: number } = {},
  ) {
    server = await startSocketServer(behaviour);
    const watched = watch();
    channel = await openWebSocketChannel({
      target: targetAt(server.url, times),
      deps: tools,
      events: watched.events,
      ...(heartbeat !== undefined && { heartbeat }),
    });
    const [connection] = server.connections;
    if (connection === undefined) throw new Error("no connection");
    return { channel, watched, connection };
  }

  it.each([
    [401, "upstream_refused"],
    [403, "upstream_refused"],
    [404, "upstream_invalid"],
    [503, "upstream_unreachable"],
  ])("names the error by the status of the rejected handshake: %i", async (status, code) => {
    await expect(open({ handshake: () => status })).rejects.toMatchObject({ code });
  });

  it.each([
    ["ws://10.0.0.1/mcp", "must resolve to a public IP address"],
    ["http://127.0.0.1/mcp", "must be a wss URL"],
    ["https://mcp.example.com/", "must be a wss URL"],
  ])("is never opened at %s", async (url, reason) => {
    const { events } = watch();
    await expect(openWebSocketChannel({ target: targetAt(url), deps: tools, events })).rejects.toThrow(
      reason,
    );
  });

  it("is not waited for without end, nor after the caller has canceled", async () => {
    const silent = await startRecorder();
    silent.behave(() => undefined);
    const { hostname, port } = new URL(silent.url);
    // A recorder without an upgrade listener answers the handshake as a request, here never.
    const target = targetAt(`ws://${hostname}:${port}/`, { firstByteTimeoutMs: 150 });
    const watched = watch();
    const options = { target, deps: tools, events: watched.events };
    await expect(openWebSocketChannel(options)).rejects.toMatchObject({ code: "upstream_timeout" });
    await expect(openWebSocketChannel(options, AbortSignal.timeout(30))).rejects.toThrow("canceled");
    await silent.close();
    await expect(openWebSocketChannel(options)).rejects.toMatchObject({ code: "upstream_unreachable" });
    expect(watched.endings).toEqual([]);
  });

  it.each<[string, string | Buffer]>([
    ["a binary WebSocket frame", Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}')],
    ["invalid JSON", "{oops"],
    ["JSON that is no message", '{"hello":"world"}'],
    ["more than is allowed", `"${"x".repeat(64 * 1024 * 1024)}"`],
  ])("is left on %s", async (_name, frame) => {
    const { channel, watched, connection } = await open({ message: (_m, { socket }) => socket.send(frame) });
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_invalid" });
    expect(await watched.closed).toMatchObject({ code: "upstream_invalid" });
    expect(await connection.closed).toBe(1003);
  });

  it("fails all that waits when it hangs up", async () => {
    const { channel, watched } = await open({ message: (_m, { socket }) => socket.terminate() });
    const waiting = [channel.request(request("ping")), channel.request(request("ping"))];
    await Promise.all(
      waiting.map((answer) => expect(answer).rejects.toMatchObject({ code: "upstream_unreachable" })),
    );
    expect(await watched.closed).toMatchObject({ code: "upstream_unreachable" });
    expect(watched.endings).toHaveLength(1);
  });

  it("gets a ping after a silence", async () => {
    const heartbeat = { intervalMs: 50, pongTimeoutMs: 50 };
    const { watched, connection } = await open(
      { message: ({ id }, { socket }) => socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: {} })) },
      heartbeat,
    );
    await expect.poll(() => connection.received.length).toBeGreaterThan(3);
    expect(connection.received[0]).toMatchObject({
      method: "ping",
      id: expect.stringMatching(/^gateway-ping-/),
    });
    expect(watched.endings).toEqual([]);
    expect(watched.messages).toEqual([]);
  });

  it("is left when it answers pings and not the request", async () => {
    const { channel, connection } = await open(
      {
        message: ({ id, method }, { socket }) =>
          method === "ping" && socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: {} })),
      },
      { intervalMs: 50, pongTimeoutMs: 5000 },
      { idleTimeoutMs: 300 },
    );
    const code = "upstream_timeout";
    await expect(channel.request(request("tools/call"))).rejects.toMatchObject({ code });
    expect(connection.received.length).toBeGreaterThan(2);
  });

  it("is waited for as long as it sends something", async () => {
    const { channel } = await open(
      {
        async message({ id }, { socket }) {
          // Longer than the idle timeout, in pauses far below it.
          for (let n = 0; n < 40; n += 1) {
            socket.send('{"jsonrpc":"2.0","method":"notifications/progress"}');
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: {} }));
        },
      },
      undefined,
      { idleTimeoutMs: 600 },
    );
    expect(await channel.request(request("tools/call"))).toMatchObject({ result: {} });
  });

  it("is left when it does not answer to that", async () => {
    const { watched, connection } = await open({}, { intervalMs: 50, pongTimeoutMs: 50 });
    expect(await watched.closed).toMatchObject({ code: "upstream_timeout" });
    expect(connection.received).toHaveLength(1);
    expect(await connection.closed).toBe(1000);
  });

  it("gets no ping while it sends messages", async () => {
    const { watched, connection } = await open({}, { intervalMs: 500, pongTimeoutMs: 50 });
    // Longer than the interval, in pauses far below it.
    for (let n = 0; n < 30; n += 1) {
      connection.socket.send('{"jsonrpc":"2.0","method":"n"}');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(connection.received).toEqual([]);
    await expect.poll(() => watched.messages.length).toBe(30);
  });

  it("may answer a call that no longer waits", async () => {
    const { channel, watched, connection } = await open({});
    const timeouts = new AbortController();
    const message = request("ping");
    const given = expect(channel.request(message, { signal: timeouts.signal })).rejects.toThrow("canceled");
    timeouts.abort();
    await given;
    connection.socket.send(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: {} }));
    connection.socket.send('{"jsonrpc":"2.0","method":"n"}');
    await expect.poll(() => watched.methods()).toEqual(["n"]);
  });
});
