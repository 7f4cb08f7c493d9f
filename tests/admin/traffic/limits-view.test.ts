/** The page on limits as they stand, from numbers that no test can wait a day for. */
import { describe, expect, it } from "vitest";
import { Buckets, TrafficForecastView } from "../../../src/admin/traffic/limits-view.tsx";

const textOf = async (node: unknown) => String(await node);

describe("the outlook", () => {
  const past = Array.from({ length: 240 }, (_, index) => ({
    ...{ minute: 1000 + index, requests: index, forecast: index < 10 ? null : index + 5 },
  }));
  const next = Array.from({ length: 60 }, (_, index) => ({ minute: 1239 + index, requests: 7 }));
  const outlook = { share: 100, expectedPeak: 300, knowsDays: true, past, next };

  it("draws what came and what was expected, three hours back and one ahead, each minute once", async () => {
    const html = await textOf(TrafficForecastView({ outlook, advice: [] }));
    expect(html.match(/class="hover"/g)).toHaveLength(180 + 59);
    expect(html).toContain("actual: 239\nforecast: 244");
    expect(html).toContain("actual: –\nforecast: 7");
  });

  it("shows which limits are often hit", async () => {
    const advice = [{ limit: "role-minute", days: 4, suggestedFactor: 1.5 }];
    const html = await textOf(TrafficForecastView({ outlook, advice }));
    expect(html).toContain("role-minute");
    expect(html).toMatch(/1\.5 × the\s+limit/);
  });

  it("shows a message without data", async () => {
    const html = await textOf(TrafficForecastView({ outlook: { ...outlook, past: [] }, advice: [] }));
    expect(html).toContain("No traffic yet");
  });
});

describe("a limit in use", () => {
  const bucket = {
    ...({ kind: "key", subject: "x", name: "robot", windowSeconds: 3600 } as const),
    ...{ serverId: null, toolName: null, target: undefined },
  };

  it.each<[number, number | null, string]>([
    [5, 10, "50 %"],
    [10, 10, "100 %"],
    [3, 0, "0 %"],
    [3, null, "–"],
  ])("of which %s of %s are spent is %s full", async (spent, most, says) => {
    expect(await textOf(Buckets({ buckets: [{ ...bucket, spent, most }] }))).toContain(says);
  });
});
