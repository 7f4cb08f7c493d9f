import { describe, expect, it } from "vitest";
import { BREAKER_TERMS } from "../../../src/core/resilience/breaker.ts";
import { BreakerCache } from "../../../src/core/resilience/breaker-cache.ts";
import type { BreakerView } from "../../../src/core/resilience/breakers.ts";

const view = (over: Partial<BreakerView>): BreakerView => ({
  serverId: "s1",
  state: "open",
  generation: 3,
  retryMs: 1000,
  isForced: false,
  ...over,
});

describe("an isolate's copy of a breaker", () => {
  it.each<[string, BreakerView[], number, string]>([
    ["nothing: closed", [], 0, "closed"],
    ["open", [view({})], 999, "open"],
    ["open, and its time is up", [view({})], 1000, "due"],
    ["half-open", [view({ state: "half_open", retryMs: 0 })], 0, "due"],
    ["held open", [view({ isForced: true })], 1e9, "open"],
    ["closed again", [view({ state: "closed", retryMs: 0 })], 0, "closed"],
    ["another's", [view({ serverId: "s2" })], 0, "closed"],
  ])("%s", (_, views, later, expected) => {
    const watch = new BreakerCache();
    watch.applyUpdate(views, 5000);
    expect(watch.getState("s1", 5000 + later)).toBe(expected);
  });
});

describe("an isolate's reports", () => {
  const note = (watch: BreakerCache, outcome: "success" | "failure" | "ignored", ms = 1) =>
    watch.addOutcome("s1", watch.createPermit("s1"), outcome, ms, BREAKER_TERMS);
  const counts = (watch: BreakerCache) =>
    watch.takeReports().map(({ pass, total, failures, slow }) => [pass.generation, total, failures, slow]);

  it("is counted by server and generation, and reported once", () => {
    const watch = new BreakerCache();
    expect([note(watch, "success"), note(watch, "failure"), note(watch, "ignored")]).toEqual([
      false,
      true,
      false,
    ]);
    note(watch, "success", 60_000);
    watch.applyUpdate([view({ state: "closed" })], 0);
    note(watch, "success");
    expect(counts(watch)).toEqual([
      [0, 3, 1, 1],
      [3, 1, 0, 0],
    ]);
    expect(watch.takeReports()).toEqual([]);
  });

  it("is reported again when it was lost", () => {
    const watch = new BreakerCache();
    note(watch, "failure");
    const lost = watch.takeReports();
    note(watch, "success");
    watch.restoreReports(lost);
    expect(counts(watch)).toEqual([[0, 2, 1, 0]]);
  });
});
