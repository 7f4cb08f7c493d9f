/** Slow upstreams: waiting callers get keep-alives, and the requests of disconnected callers are ended. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseEvent } from "../../src/core/mcp/sse.ts";
import { databaseOfThisRun, startGateway, type TestGateway, type TestTenant } from "../fixtures/gateway.ts";
import { answerJson, type Recorder, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;
let tenant: TestTenant;
let upstream: Recorder;

beforeAll(async () => {
  [gateway, upstream] = await Promise.all([startGateway(databaseOfThisRun()), startRecorder()]);
  const settings = { keepAliveMs: 100, earlyAnswerMs: 100, idleTimeoutMs: 2000 };
  tenant = await gateway.addTenant({ servers: [{ name: "recorder", url: upstream.url, settings }] });
});
afterAll(async () => {
  await Promise.all([gateway?.close(), upstream?.close()]);
});
beforeEach(() => {
  upstream.requests.length = 0;
});

function call(method: "GET" | "POST", signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}/mcp/recorder`, {
    method,
    headers: {
      accept: "application/json, text/event-stream",
      authorization: `Bearer ${tenant.apiKey}`,
      ...(method === "POST" && { "content-type": "application/json" }),
    },
    body: method === "POST" ? JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }) : null,
    ...(signal && { signal }),
  });
}

const reached = async () => {
  await expect.poll(() => upstream.requests.length).toBe(1);
  const [request] = upstream.requests;
  if (request === undefined) throw new Error("nothing reached the upstream");
  return request;
};

describe("callers that go away", () => {
  it("end the upstream's stream", async () => {
    upstream.behave((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const caller = new AbortController();
    const answer = await call("GET", caller.signal);
    await answer.body?.getReader().read();
    caller.abort();
    await (await reached()).hungUp;
  });

  it("end a request whose answer has not begun", async () => {
    upstream.behave(() => undefined);
    const caller = new AbortController();
    const answer = call("POST", caller.signal).catch(() => undefined);
    const request = await reached();
    caller.abort();
    await answer;
    await request.hungUp;
  });

  it("end a request whose early answer was followed by the upstream's stream", async () => {
    upstream.behave(async (_request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
      for (let n = 0; n < 100 && !response.destroyed; n += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        response.write(": still here\n\n");
      }
    });
    const caller = new AbortController();
    const answer = await call("POST", caller.signal);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; !text.includes("data: 1"); ) text += (await reader?.read())?.value ?? "";
    caller.abort();
    await (await reached()).hungUp;
  });
});

describe("callers who wait", () => {
  const body = { jsonrpc: "2.0", id: 1, result: { tools: [] } };
  const later = (behaviour: () => void) => setTimeout(behaviour, 300);

  it("for a slow response get an open stream, and the response as an event", async () => {
    upstream.behave((request, response) => void later(() => answerJson(body)(request, response)));
    const answer = await call("POST");
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const blocks = (await answer.text()).split("\n\n").filter((block) => block !== "");
    expect(blocks.slice(0, -1).every((block) => block === ": keep-alive")).toBe(true);
    expect(blocks.length).toBeGreaterThan(2);
    expect(parseEvent(blocks.at(-1) ?? "")).toEqual({ event: "message", data: JSON.stringify(body) });
  });

  it("for an upstream that fails late, get the error of their own request", async () => {
    upstream.behave((_request, response) => void later(() => response.destroy()));
    const blocks = (await (await call("POST")).text()).split("\n\n").filter((block) => block !== "");
    expect(JSON.parse(parseEvent(blocks.at(-1) ?? "").data ?? "")).toMatchObject({
      id: 1,
      error: { code: -31502, data: { reason: "upstream_unreachable" } },
    });
  });

  it("for a quick answer get it as it is", async () => {
    upstream.behave(answerJson(body));
    expect(await (await call("POST")).text()).toBe(JSON.stringify(body));
  });

  it("on a silent stream see comments between events, never inside one, until it has been silent too long", async () => {
    upstream.behave(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\ndata: t");
      await new Promise((resolve) => setTimeout(resolve, 350));
      response.write("wo\n\n");
    });
    const answer = await call("GET");
    const text = await answer.text();
    // Whole events and whole comments, in this order; a comment may also stand between the two events.
    const [before = "", after = ""] = text.split("data: two\n\n");
    expect(before).toMatch(/^data: one\n\n(?:: keep-alive\n\n)*$/);
    expect(after.startsWith(": keep-alive\n\n")).toBe(true);
    await (await reached()).hungUp;
  });
});
