/** Health checks against real servers of each era and transport. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseHealthSettings } from "../../src/core/discovery/check-schedule.ts";
import { type ProbedServer, probe } from "../../src/discovery/probe.ts";
import { targetAt, tools } from "../fixtures/channels.ts";
import { startTinyServers, type TinyServer, type TinyServers } from "../fixtures/tiny-servers.ts";

let servers: TinyServers;
beforeAll(async () => {
  servers = await startTinyServers();
});
afterAll(() => servers.close());

const check = (tiny: TinyServer, more: Partial<ProbedServer> = {}, health: object = {}) =>
  probe({
    server: { name: tiny.name, transport: "http", protocolVersion: null, ...more },
    target: targetAt(tiny.url),
    tools,
    settings: parseHealthSettings({ health: { timeoutMs: 2000, ...health } }),
    now: () => performance.now(),
  });

const received = ({ received: all }: TinyServer) => all.map(({ method }) => method);

describe("a check of a server", () => {
  it("of the legacy era is a short session and a ping", async () => {
    const tiny = servers.add("legacy", { era: "legacy" });
    const result = await check(tiny, { protocolVersion: "2025-11-25" });
    expect(result).toMatchObject({ outcome: "ok", probe: "ping", protocolVersion: "2025-11-25" });
    expect(received(tiny)).toEqual(["initialize", "notifications/initialized", "ping", "DELETE"]);
  });

  it("of an unknown era determines it", async () => {
    const old = servers.add("unknown-old", { era: "legacy" });
    expect(await check(old)).toMatchObject({ outcome: "ok", probe: "ping" });
    const recent = servers.add("unknown-new");
    expect(await check(recent)).toMatchObject({ outcome: "ok", probe: "server/discover" });
    expect(received(recent)).toEqual(["server/discover"]);
  });

  it("that was upgraded since notices", async () => {
    const tiny = servers.add("upgraded");
    const result = await check(tiny, { protocolVersion: "2025-11-25" });
    expect(result).toMatchObject({ outcome: "ok", probe: "server/discover", protocolVersion: "2026-07-28" });
  });

  it.each(["legacy", "modern"] as const)("may be a call of a tool, in the %s era", async (era) => {
    const tiny = servers.add(`tool-${era}`, { era, tools: ["add"] });
    const tool = { name: "add", arguments: { a: 1 } };
    expect(await check(tiny, {}, { tool })).toMatchObject({ outcome: "ok", probe: "tools/call" });
    expect(received(tiny)).toContain("tools/call");
  });

  it.each(["legacy", "modern"] as const)("that is down or hangs fails, in the %s era", async (era) => {
    const tiny = servers.add(`down-${era}`, { era });
    const protocolVersion = era === "legacy" ? "2025-11-25" : "2026-07-28";
    tiny.state = "down";
    expect(await check(tiny, { protocolVersion })).toMatchObject({
      outcome: "failed",
      ms: null,
      error: { code: "upstream_unreachable" },
    });
    tiny.state = "hangs";
    const started = performance.now();
    expect(await check(tiny, { protocolVersion }, { timeoutMs: 300 })).toMatchObject({
      outcome: "failed",
      error: { code: "upstream_timeout" },
    });
    expect(performance.now() - started).toBeLessThan(1500);
  });
});
