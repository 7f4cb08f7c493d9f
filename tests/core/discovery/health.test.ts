import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  assignedSecond,
  parseHealthSettings,
  spreadOverMinute,
} from "../../../src/core/discovery/check-schedule.ts";
import {
  type CheckOutcome,
  HEALTH_RULES,
  HEALTH_WINDOW,
  type Health,
  nextHealth,
  readHealth,
} from "../../../src/core/discovery/health.ts";
import { HEALTH_STATUSES, type HealthStatus } from "../../../src/core/enums.ts";

const OUTCOMES: Record<string, CheckOutcome> = { o: "ok", s: "slow", f: "failed" };

function after(start: Health, letters: string): Health {
  return [...letters].reduce((health, letter) => nextHealth(health, OUTCOMES[letter] ?? "ok"), start);
}

const from = (status: HealthStatus): Health => ({ status, recent: "" });

describe("a server's status", () => {
  it.each<[HealthStatus, string, HealthStatus]>([
    ["unknown", "o", "healthy"],
    ["unknown", "s", "degraded"],
    ["unknown", "f", "unhealthy"],
    ["maintenance", "o", "healthy"],
    ["maintenance", "f", "unhealthy"],
    ["healthy", "f", "healthy"],
    ["healthy", "ff", "healthy"],
    ["healthy", "fff", "unhealthy"],
    ["healthy", "fofof", "degraded"],
    ["healthy", "foooooooooofooooooooooof", "healthy"],
    ["healthy", "ss", "healthy"],
    ["healthy", "sss", "degraded"],
    ["healthy", "ssoss", "healthy"],
    ["degraded", "oo", "degraded"],
    ["degraded", "ooo", "healthy"],
    ["degraded", "fff", "unhealthy"],
    ["degraded", "osososos", "degraded"],
    ["unhealthy", "o", "unhealthy"],
    ["unhealthy", "oo", "healthy"],
    ["unhealthy", "ss", "degraded"],
    ["unhealthy", "fofofofo", "unhealthy"],
  ])("from %s, after %s, is %s", (start, letters, expected) => {
    expect(after(from(start), letters).status).toBe(expected);
  });

  const letters = fc.array(fc.constantFrom("o", "s", "f"), { maxLength: 60 }).map((list) => list.join(""));
  const known = fc.constantFrom<HealthStatus>("healthy", "degraded", "unhealthy");

  it("does not change for one answer out of line", () => {
    fc.assert(
      fc.property(known, fc.constantFrom("o", "s", "f"), (status, letter) => {
        expect(after(from(status), letter).status).toBe(status);
      }),
    );
  });

  it("is unhealthy after enough failures and healthy after enough good answers, whatever came before", () => {
    fc.assert(
      fc.property(fc.constantFrom(...HEALTH_STATUSES), letters, (status, before) => {
        const health = after(from(status), before);
        const enough = HEALTH_RULES.failuresToUnhealthy;
        expect(after(health, "f".repeat(enough)).status).toBe("unhealthy");
        expect(after(health, "o".repeat(HEALTH_WINDOW + 1)).status).toBe("healthy");
      }),
    );
  });

  it("never goes back to where it was within two checks", () => {
    fc.assert(
      fc.property(known, letters, (status, all) => {
        const path = [status];
        for (let length = 1; length <= all.length; length += 1) {
          path.push(after(from(status), all.slice(0, length)).status);
        }
        for (let index = 2; index < path.length; index += 1) {
          if (path[index - 2] === path[index]) expect(path[index - 1]).toBe(path[index]);
        }
      }),
    );
  });

  it("keeps little, and only valid results", () => {
    fc.assert(
      fc.property(letters, (all) => {
        expect(after(from("unknown"), all).recent.length).toBeLessThanOrEqual(HEALTH_WINDOW);
      }),
    );
    expect(readHealth("healthy", "nonsense")).toEqual({ status: "healthy", recent: "" });
    expect(readHealth("healthy", null)).toEqual({ status: "healthy", recent: "" });
    expect(readHealth("healthy", "of")).toEqual({ status: "healthy", recent: "of" });
  });
});

describe("the minute", () => {
  const servers = Array.from({ length: 10_000 }, () => ({ id: crypto.randomUUID() }));

  it("is used evenly", () => {
    const counts = Map.groupBy(servers, ({ id }) => assignedSecond(id));
    expect(counts.size).toBe(60);
    for (const { length } of counts.values()) expect(length).toBeGreaterThan(90);
  });

  it("is cut into batches that leave in order, with each server in one of them", () => {
    const batches = spreadOverMinute(servers, 50);
    expect(batches).toHaveLength(200);
    const delays = batches.map(({ delaySeconds }) => delaySeconds);
    expect(delays).toEqual(delays.toSorted((left, right) => left - right));
    expect(new Set(batches.flatMap(({ items }) => items)).size).toBe(servers.length);
  });

  it.each([
    [{}, { intervalSeconds: 60, timeoutMs: 5000, slowMs: 2000, isEnabled: true }],
    [{ health: { intervalSeconds: 5, slowMs: 10 } }, { intervalSeconds: 60, slowMs: 10 }],
    [{ health: { intervalSeconds: 300 } }, { intervalSeconds: 300 }],
    [{ health: "nonsense" }, { intervalSeconds: 60, isEnabled: true }],
    [{ health: { tool: { name: "ping" } } }, { tool: { name: "ping", arguments: {} } }],
    [{ health: { tool: 7 } }, { tool: undefined }],
  ])("is set by %j", (settings, expected) => expect(parseHealthSettings(settings)).toMatchObject(expected));
});
