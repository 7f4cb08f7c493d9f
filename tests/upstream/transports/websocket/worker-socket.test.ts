/** WebSockets as workerd opens them: the answer to a fetch carries one end, the other is the server's. */
import { describe, expect, it } from "vitest";
import type { ChannelEvents, Handshake } from "../../../../src/upstream/connection/channel.ts";
import { openWebSocketChannel } from "../../../../src/upstream/transports/websocket/channel.ts";
import { workerSocket } from "../../../../src/upstream/transports/websocket/worker-socket.ts";

interface Asked {
  readonly url: string;
  readonly headers: Headers;
}

function peer(serve: (socket: WebSocket) => void) {
  const asked: Asked[] = [];
  const fetcher: typeof fetch = async (input, init) => {
    asked.push({ url: String(input), headers: new Headers(init?.headers) });
    const { 0: ours, 1: theirs } = new WebSocketPair();
    theirs.accept();
    serve(theirs);
    return new Response(null, { status: 101, webSocket: ours });
  };
  return { asked, fetcher };
}

const handshake = (): Handshake => ({
  url: new URL("wss://mcp.example.com/socket"),
  headers: new Map([["authorization", "Bearer secret"]]),
  protocols: ["mcp"],
  signal: new AbortController().signal,
});

function recorded() {
  const messages: unknown[] = [];
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let closings = 0;
  const events = {
    message: (data: unknown) => void messages.push(data),
    closed: () => {
      closings += 1;
      resolve();
    },
  };
  return { events, messages, closed, closings: () => closings };
}

describe("workerSocket", () => {
  it("requests the upgrade over HTTP and carries messages both ways", async () => {
    const { asked, fetcher } = peer((socket) => {
      socket.addEventListener("message", ({ data }) => socket.send(`echo ${data}`));
    });
    const { events, messages } = recorded();
    const socket = await workerSocket(fetcher)(handshake(), events);
    socket.send("hello");
    await expect.poll(() => messages).toEqual(["echo hello"]);
    expect(asked[0]?.url).toBe("https://mcp.example.com/socket");
    expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
      authorization: "Bearer secret",
      "sec-websocket-protocol": "mcp",
      upgrade: "websocket",
    });
  });

  it("reports once that the server has disconnected", async () => {
    const { fetcher } = peer((socket) => {
      socket.addEventListener("message", () => socket.close(1001));
    });
    const { events, closed, closings } = recorded();
    const socket = await workerSocket(fetcher)(handshake(), events);
    socket.send("go");
    await closed;
    socket.close(1000);
    expect(closings()).toBe(1);
  });

  it("rejects with the status of a server that does not upgrade", async () => {
    const fetcher: typeof fetch = async () => new Response("no", { status: 401 });
    await expect(workerSocket(fetcher)(handshake(), recorded().events)).rejects.toMatchObject({
      status: 401,
    });
  });

  it("gives channels what they need, binary frames included", async () => {
    const { fetcher } = peer((socket) => {
      socket.addEventListener("message", ({ data }) => {
        const { id, method } = JSON.parse(String(data));
        socket.send(
          method === "ping" ? JSON.stringify({ jsonrpc: "2.0", id, result: {} }) : new Uint8Array([1, 2]),
        );
      });
    });
    const { promise: closed, resolve } = Promise.withResolvers<unknown>();
    const events: ChannelEvents = { message: () => undefined, closed: resolve };
    const channel = await openWebSocketChannel({
      target: {
        server: "peer",
        url: "wss://mcp.example.com/socket",
        firstByteTimeoutMs: 1000,
        idleTimeoutMs: 1000,
      },
      deps: { fetch: fetcher, urlPolicy: { allowLoopback: false }, openSocket: workerSocket(fetcher) },
      events,
    });
    expect(await channel.request({ jsonrpc: "2.0", id: 1, method: "ping" })).toMatchObject({ result: {} });
    await expect(channel.request({ jsonrpc: "2.0", id: 2, method: "x" })).rejects.toMatchObject({
      code: "upstream_invalid",
    });
    expect(await closed).toMatchObject({ code: "upstream_invalid" });
  });
});
