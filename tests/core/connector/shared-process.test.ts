/** Sessions that share one process: which session a request, a response or a notification is of. */
import { describe, expect, it } from "vitest";
import { type Delivery, SharedProcess } from "../../../src/core/connector/shared-process.ts";

const json = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ session, text }) => [session ?? "process", JSON.parse(text)]);
const from = (shared: SharedProcess, session: string, message: object) =>
  json(shared.receiveFromSession(session, JSON.stringify(message)));
const out = (shared: SharedProcess, message: object) =>
  json(shared.receiveFromProcess(JSON.stringify(message)));

const initialize = (id: unknown) => ({ jsonrpc: "2.0", id, method: "initialize", params: {} });
const request = (id: unknown, params: object = {}) => ({ jsonrpc: "2.0", id, method: "tools/call", params });

function createShared(): SharedProcess {
  const shared = new SharedProcess();
  shared.addSession("a");
  shared.addSession("b");
  return shared;
}

describe("a shared process", () => {
  it("is initialized once, for sessions that come before and after its response", () => {
    const shared = createShared();
    expect(from(shared, "a", initialize(1))).toEqual([["process", initialize("initialize")]]);
    expect(from(shared, "b", initialize("x"))).toEqual([]);
    const result = { protocolVersion: "2025-11-25" };
    expect(out(shared, { jsonrpc: "2.0", id: "initialize", result })).toEqual([
      ["a", { jsonrpc: "2.0", id: 1, result }],
      ["b", { jsonrpc: "2.0", id: "x", result }],
    ]);
    shared.addSession("c");
    expect(from(shared, "c", initialize(9))).toEqual([["c", { jsonrpc: "2.0", id: 9, result }]]);
    const announced = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect(from(shared, "a", announced)).toEqual([["process", announced]]);
    expect(from(shared, "b", announced)).toEqual([]);
  });

  it("is initialized again where it rejected the first attempt", () => {
    const shared = createShared();
    from(shared, "a", initialize(1));
    out(shared, { jsonrpc: "2.0", id: "initialize", error: { code: -1, message: "no" } });
    expect(from(shared, "b", initialize(2))).toHaveLength(1);
  });

  it("gets requests of the same ID apart, and its responses reach whose request it was", () => {
    const shared = createShared();
    expect(from(shared, "a", request(1))).toEqual([["process", request(1)]]);
    expect(from(shared, "b", request(1))).toEqual([["process", request(2)]]);
    expect(out(shared, { jsonrpc: "2.0", id: 2, result: { of: "b" } })).toEqual([
      ["b", { jsonrpc: "2.0", id: 1, result: { of: "b" } }],
    ]);
    expect(out(shared, { jsonrpc: "2.0", id: 2, result: {} })).toEqual([]);
  });

  it("reports progress to the session of the request, under its own token", () => {
    const shared = createShared();
    from(shared, "a", request(5, { _meta: { progressToken: "t" } }));
    const [[, sent] = []] = from(shared, "b", request(6, { _meta: { progressToken: "t" } }));
    expect(sent).toMatchObject({ id: 2, params: { _meta: { progressToken: 2 } } });
    const progress = (progressToken: unknown) => ({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken, progress: 1 },
    });
    expect(out(shared, progress(2))).toEqual([["b", progress("t")]]);
    expect(out(shared, progress(77))).toEqual([]);
  });

  it("has requests canceled by the session that sent them only", () => {
    const shared = createShared();
    from(shared, "a", request("q"));
    const cancel = (requestId: unknown) => ({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId },
    });
    expect(from(shared, "b", cancel("q"))).toEqual([]);
    expect(from(shared, "a", cancel("q"))).toEqual([["process", cancel(1)]]);
  });

  it("sends a request to the session of the latest pending request, and accepts an answer from that one only", () => {
    const shared = createShared();
    const question = { jsonrpc: "2.0", id: "s1", method: "elicitation/create", params: {} };
    expect(out(shared, question)).toMatchObject([["process", { id: "s1", error: { code: -32601 } }]]);
    from(shared, "a", request(1));
    expect(out(shared, question)).toEqual([["a", question]]);
    const answer = { jsonrpc: "2.0", id: "s1", result: { action: "accept" } };
    expect(from(shared, "b", answer)).toEqual([]);
    expect(from(shared, "a", answer)).toEqual([["process", answer]]);
    expect(from(shared, "a", answer)).toEqual([]);
    expect(out(shared, { jsonrpc: "2.0", id: 3, method: "ping" })).toMatchObject([
      ["process", { id: 3, result: {} }],
    ]);
  });

  it("sends notifications without a request to all sessions", () => {
    const shared = createShared();
    const changed = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
    expect(out(shared, changed)).toEqual([
      ["a", changed],
      ["b", changed],
    ]);
  });

  it("removes a session with its requests, and answers the requests sent to it", () => {
    const shared = createShared();
    from(shared, "a", request(1));
    out(shared, { jsonrpc: "2.0", id: "s1", method: "roots/list" });
    expect(json(shared.removeSession("a"))).toMatchObject([
      ["process", { method: "notifications/cancelled", params: { requestId: 1 } }],
      ["process", { id: "s1", error: { code: -32601 } }],
    ]);
    expect(out(shared, { jsonrpc: "2.0", id: 1, result: {} })).toEqual([]);
  });
});
