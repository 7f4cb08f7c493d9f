/** Streamable HTTP of the legacy era with servers that break off, resume, hang, lose sessions, exceed limits or send invalid data. */
import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SessionLostError } from "../../../../src/upstream/connection/channel.ts";
import { HttpChannel } from "../../../../src/upstream/transports/http/channel.ts";
import { request, targetAt, tools, watch } from "../../../fixtures/channels.ts";
import { answerJson, type Behaviour, type Recorder, startRecorder } from "../../../fixtures/recorder.ts";

let peer: Recorder;
let channel: HttpChannel | undefined;

beforeAll(async () => {
  peer = await startRecorder();
});
afterAll(() => peer?.close());
beforeEach(() => {
  peer.behave(answerJson({ jsonrpc: "2.0", id: "none", result: {} }));
  peer.requests.length = 0;
});
afterEach(async () => {
  peer.behave((_request, response) => void response.writeHead(405).end());
  await channel?.close();
});

const SESSION = { sessionId: "s-1", revision: "2025-11-25" };

function open({ resume = true, ...times }: { resume?: boolean; [time: string]: unknown } = {}) {
  const watched = watch();
  const options = { target: targetAt(peer.url, times), deps: tools, events: watched.events };
  channel = new HttpChannel(resume ? { ...options, resume: SESSION } : options);
  return { channel, watched };
}

const events = (...blocks: string[]) => blocks.map((block) => `${block}\n\n`).join("");
const stream = (response: ServerResponse, text: string) =>
  response.writeHead(200, { "content-type": "text/event-stream" }).write(text);
const answerTo = (id: unknown) => `data: ${JSON.stringify({ jsonrpc: "2.0", id, result: { done: true } })}`;
const idOf = (body: Buffer): unknown => JSON.parse(String(body)).id;
const seen = () =>
  peer.requests.map(({ method, headers }) => [method, headers["last-event-id"]].filter(Boolean).join(" "));

describe("what goes out", () => {
  it("carries session, revision, credential and what the caller adds, and numbers to the digit", async () => {
    peer.behave(({ body }, response) => {
      response.setHeader("content-type", "application/json");
      response.end(`{"jsonrpc":"2.0","id":${idOf(body)},"result":{"big":12345678901234567890,"one":1.0}}`);
    });
    const { channel } = open({ credential: ["x-key", "secret"] });
    const headers = new Map([
      ["traceparent", "00-1-2-01"],
      ["accept", "text/html"],
    ]);
    const answer = await channel.request(request("ping"), { headers });
    expect(JSON.stringify(answer)).toContain('{"big":12345678901234567890,"one":1.0}');
    expect(peer.requests[0]?.headers).toMatchObject({
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2025-11-25",
      "mcp-session-id": "s-1",
      "x-key": "secret",
      traceparent: "00-1-2-01",
    });
  });

  it("takes the session from the answer to initialize and repeats it from then on", async () => {
    peer.behave(({ method, body }, response) => {
      if (method === "DELETE") return void response.end();
      response.setHeader("content-type", "application/json");
      response.setHeader("mcp-session-id", "s-2");
      response.end(JSON.stringify({ jsonrpc: "2.0", id: idOf(body), result: {} }));
    });
    const { channel } = open({ resume: false });
    await channel.request(request("initialize"));
    expect(channel.sessionId).toBe("s-2");
    channel.revision = "2025-06-18";
    await channel.request(request("ping"));
    await channel.close();
    expect(peer.requests.map(({ method, headers }) => [method, headers["mcp-session-id"]])).toEqual([
      ["POST", undefined],
      ["POST", "s-2"],
      ["DELETE", "s-2"],
    ]);
    expect(peer.requests[2]?.headers["mcp-protocol-version"]).toBe("2025-06-18");
  });

  it("never follows a redirect to a private address", async () => {
    peer.behave((_request, response) => void response.writeHead(307, { location: "http://10.0.0.1/" }).end());
    const { channel } = open();
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_refused" });
  });

  it("closes without a word where there is no session to end, and in spite of 405", async () => {
    const { channel: without, watched } = open({ resume: false });
    await without.close();
    expect(seen()).toEqual([]);
    expect(watched.endings).toEqual([undefined]);
    peer.behave((_request, response) => void response.writeHead(405).end());
    await open().channel.close();
    expect(seen()).toEqual(["DELETE"]);
  });
});

describe("statuses", () => {
  it.each<[number, Record<string, unknown>]>([
    [
      401,
      { code: "upstream_refused", message: expect.stringContaining("rejected the configured credential") },
    ],
    [403, { code: "upstream_refused" }],
    [400, { code: "upstream_invalid" }],
    [429, { code: "upstream_unreachable" }],
    [503, { code: "upstream_unreachable" }],
  ])("%i fails requests and notifications", async (status, expected) => {
    peer.behave((_request, response) => void response.writeHead(status).end("no"));
    const { channel, watched } = open();
    await expect(channel.request(request("ping"))).rejects.toMatchObject(expected);
    await expect(channel.send({ jsonrpc: "2.0", method: "x" })).rejects.toMatchObject(expected);
    expect(watched.endings).toEqual([]);
  });

  it("with a JSON-RPC error is an answer, even one that names no request", async () => {
    peer.behave(answerJson({ jsonrpc: "2.0", id: null, error: { code: -32000, message: "no" } }, 400));
    const { channel } = open();
    const message = request("ping");
    expect(await channel.request(message)).toMatchObject({ id: message.id, error: { code: -32000 } });
  });

  it("404 means that the session is lost: all that waits fails, and the channel is over", async () => {
    const { channel, watched } = open();
    peer.behave((_request, response) => void stream(response, ": wait\n\n"));
    const waiting = expect(channel.request(request("slow"))).rejects.toBeInstanceOf(SessionLostError);
    await expect.poll(() => peer.requests.length).toBe(1);
    peer.behave((_request, response) => void response.writeHead(404).end());
    await expect(channel.request(request("ping"))).rejects.toBeInstanceOf(SessionLostError);
    await waiting;
    expect(watched.endings).toEqual([expect.any(SessionLostError)]);
    await peer.requests[0]?.hungUp;
    await channel.close();
    expect(seen()).toEqual(["POST", "POST"]);
  });

  it("404 without a session is no more than that", async () => {
    peer.behave((_request, response) => void response.writeHead(404).end());
    const { channel, watched } = open({ resume: false });
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ upstreamStatus: 404 });
    expect(watched.endings).toEqual([]);
  });
});

describe("answers that are none", () => {
  it.each<[string, Behaviour]>([
    ["HTML", (_request, response) => void response.end("<p>Welcome")],
    ["nothing", (_request, response) => void response.writeHead(202).end()],
    ["the answer to something else", answerJson({ jsonrpc: "2.0", id: "other", result: {} })],
    ["JSON that is no message", answerJson({ hello: "world" })],
    ["an empty batch", answerJson([])],
    ["nonsense on a stream", (_request, response) => void stream(response, "data: {oops\n\n")],
  ])("fail the request: %s", async (_name, behaviour) => {
    peer.behave(behaviour);
    const { channel, watched } = open();
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_invalid" });
    expect(watched.endings).toEqual([]);
  });

  it("that never end are cut off", async () => {
    const piece = "x".repeat(1024 * 1024);
    peer.behave(async (_request, response) => {
      stream(response, "data: ");
      while (!response.destroyed) {
        if (!response.write(piece)) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    const { channel } = open();
    await expect(channel.request(request("ping"))).rejects.toThrow("larger than");
    await peer.requests[0]?.hungUp;
  });

  it("that do not begin, or stop in the middle, run out of time", async () => {
    peer.behave(() => undefined);
    const { channel } = open({ firstByteTimeoutMs: 100, idleTimeoutMs: 100 });
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_timeout" });
    await peer.requests[0]?.hungUp;
    peer.behave((_request, response) => void stream(response, "id: 1\ndata:\n\n"));
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_timeout" });
    await peer.requests[1]?.hungUp;
    peer.behave((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).write('{"jsonrpc"');
    });
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_timeout" });
    await peer.requests[2]?.hungUp;
  });

  it("are canceled when the caller disconnects, before and after they begin", async () => {
    for (const behaviour of [
      () => undefined,
      (_: unknown, response: ServerResponse) => void stream(response, ":\n\n"),
    ]) {
      peer.requests.length = 0;
      peer.behave(behaviour);
      const { channel } = open();
      const timeouts = new AbortController();
      const given = channel.request(request("ping"), { signal: timeouts.signal });
      const failure = expect(given).rejects.toThrow("canceled");
      await expect.poll(() => peer.requests.length).toBe(1);
      timeouts.abort();
      await failure;
      await peer.requests[0]?.hungUp;
    }
    await expect(open().channel.request(request("ping"), { signal: AbortSignal.abort() })).rejects.toThrow(
      "canceled",
    );
  });
});

describe("streams that end before the answer", () => {
  it("are taken up where they stood, as often as it takes", async () => {
    let id: unknown;
    peer.behave(({ method, headers, body }, response) => {
      const last = headers["last-event-id"];
      if (method === "POST") id = idOf(body);
      if (last === "3") return void stream(response, events(answerTo(id)));
      const next = last === undefined ? 1 : Number(last) + 1;
      stream(response, events(`id: ${next}\nretry: 20\ndata:`));
      // Once in order and once not.
      if (next === 2) setTimeout(() => response.destroy(), 20);
      else response.end();
    });
    const { channel } = open();
    expect(await channel.request(request("ping"))).toMatchObject({ result: { done: true } });
    expect(seen()).toEqual(["POST", "GET 1", "GET 2", "GET 3"]);
  });

  it("bring messages on their way, related to the request", async () => {
    const note = 'data: {"jsonrpc":"2.0","method":"notifications/progress"}';
    peer.behave(({ method }, response) => {
      if (method === "POST") {
        stream(response, events(`id: 1\nretry: 20\n${note}`));
        response.end();
        return;
      }
      stream(response, events(note, "event: ping\ndata: none of the protocol's", answerTo("7")));
    });
    const { channel, watched } = open();
    await channel.request({ ...request("ping"), id: "7" });
    expect(watched.messages.map(({ relatedTo }) => relatedTo)).toEqual(["7", "7"]);
  });

  it("without an event's id are lost", async () => {
    peer.behave((_request, response) => {
      stream(response, events("data:"));
      response.end();
    });
    await expect(open().channel.request(request("ping"))).rejects.toThrow(
      "closed the connection before responding",
    );
    expect(seen()).toEqual(["POST"]);
  });

  it("are lost where the server does not take them up", async () => {
    peer.behave(({ method }, response) => {
      if (method === "GET") return void response.writeHead(405).end();
      stream(response, events("id: 1\nretry: 20\ndata:"));
      response.end();
    });
    await expect(open().channel.request(request("ping"))).rejects.toThrow(
      "closed the connection before responding",
    );
    expect(seen()).toEqual(["POST", "GET 1"]);
  });

  it("are requested until silence has lasted too long", async () => {
    peer.behave(({ method }, response) => {
      if (method === "GET") return void response.writeHead(503).end();
      stream(response, events("id: 1\nretry: 20\ndata:"));
      response.end();
    });
    const { channel } = open({ idleTimeoutMs: 500 });
    await expect(channel.request(request("ping"))).rejects.toMatchObject({ code: "upstream_timeout" });
    // 100 ms at least, and twice as long each time.
    expect(seen()).toEqual(["POST", "GET 1", "GET 1"]);
  });

  it("end with the caller, even in the pause", async () => {
    peer.behave((_request, response) => {
      stream(response, events("id: 1\nretry: 20000\ndata:"));
      response.end();
    });
    const timeouts = new AbortController();
    const given = open().channel.request(request("ping"), { signal: timeouts.signal });
    setTimeout(() => timeouts.abort(), 100);
    await expect(given).rejects.toThrow("canceled");
  });
});

describe("listening", () => {
  const note = (n: number) => `id: ${n}\nretry: 20\ndata: {"jsonrpc":"2.0","method":"n/${n}"}`;

  it("returns an error where there is nothing to listen to", async () => {
    peer.behave((_request, response) => void response.writeHead(405).end());
    expect(await open().channel.listen()).toBe(false);
  });

  it("fails where the server sends something else", async () => {
    peer.behave((_request, response) => void response.end("hello"));
    await expect(open().channel.listen()).rejects.toMatchObject({ code: "upstream_invalid" });
    peer.behave((_request, response) => void response.writeHead(401).end());
    await expect(open().channel.listen()).rejects.toMatchObject({ code: "upstream_refused" });
  });

  it("reconnects when the stream breaks, and requests the rest", async () => {
    peer.behave(({ headers }, response) => {
      const last = Number(headers["last-event-id"] ?? 0);
      if (last === 3) return void stream(response, ": complete\n\n");
      stream(response, events("data: {oops", note(last + 1)));
      if (last % 2 === 0) response.end();
      else setTimeout(() => response.destroy(), 20);
    });
    const { channel, watched } = open();
    expect(await channel.listen("0")).toBe(true);
    await expect.poll(() => seen(), { timeout: 3000 }).toEqual(["GET 0", "GET 1", "GET 2", "GET 3"]);
    expect(watched.methods()).toEqual(["n/1", "n/2", "n/3"]);
    const last = peer.requests.at(-1);
    peer.behave((_request, response) => void response.writeHead(204).end());
    await channel.close();
    await last?.hungUp;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(seen()).toEqual(["GET 0", "GET 1", "GET 2", "GET 3", "DELETE"]);
  });

  it("opens a stream anew that has been silent for too long", async () => {
    peer.behave((_request, response) => void stream(response, events("retry: 20")));
    const { channel, watched } = open({ idleTimeoutMs: 150 });
    await channel.listen();
    await expect.poll(() => peer.requests.length, { timeout: 3000 }).toBe(2);
    await peer.requests[0]?.hungUp;
    expect(watched.endings).toEqual([]);
  });

  it("waits for headers that come with the first event", async () => {
    let late: ServerResponse | undefined;
    peer.behave((_request, response) => {
      late = response;
    });
    const { channel, watched } = open();
    expect(await channel.listen()).toBe(true);
    if (late !== undefined) stream(late, events(note(1)));
    await expect.poll(() => watched.methods()).toEqual(["n/1"]);
  });

  it("passes on responses to requests of another channel", async () => {
    peer.behave((_request, response) => void stream(response, events(answerTo("theirs"))));
    const { channel, watched } = open();
    await channel.listen("5");
    await expect
      .poll(() => watched.messages)
      .toMatchObject([{ message: { id: "theirs" }, relatedTo: undefined }]);
  });

  it("ends the channel when the session is lost", async () => {
    peer.behave((_request, response) => {
      peer.behave((_later, gone) => void gone.writeHead(404).end());
      stream(response, events("retry: 20"));
      response.end();
    });
    const { channel, watched } = open();
    await channel.listen();
    expect(await watched.closed).toBeInstanceOf(SessionLostError);
    expect(watched.endings).toHaveLength(1);
  });
});
