import { describe, expect, it } from "vitest";
import { CALLERS, measureAccuracy, summed } from "../../scripts/sim/accuracy.ts";
import { Events } from "../../scripts/sim/events.ts";
import { CROWDS, measureFairness } from "../../scripts/sim/fairness.ts";
import { FAULTS, TORTURE } from "../../scripts/sim/faults.ts";
import { judge } from "../../scripts/sim/forecasts.ts";
import { createRandom } from "../../scripts/sim/random.ts";
import { generatedShapes } from "../../scripts/sim/shapes.ts";

const [calm] = FAULTS;
if (calm === undefined) throw new Error("no world without faults");
const some = CALLERS.filter(({ name }) => name.startsWith("user") || name.startsWith("anonymous"));

describe("the simulation", () => {
  it("gives the same numbers for the same seed, and others for another", () => {
    const [one, again, other] = [7, 7, 8].map((seed) => measureAccuracy(some, TORTURE, seed, 3));
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it("finds nothing admitted above a limit, whatever goes wrong", () => {
    for (const seed of [11, 12, 13]) expect(summed(measureAccuracy(some, TORTURE, seed, 4), "").over).toBe(0);
  });

  it("finds nearly all decisions as one place would make them", () => {
    const all = summed(measureAccuracy(some, calm, 5, 5), "");
    expect(all.equal / all.requests).toBeGreaterThan(0.99);
  });

  it("finds that a greedy tenant starves no other", () => {
    const [crowd] = CROWDS;
    const found = crowd && measureFairness(crowd, calm, 3, 7);
    expect(Math.abs(found?.worst ?? 1)).toBeLessThan(0.05);
    expect(found?.over).toBe(0);
  });

  it("finds the forecast better than none", () => {
    const [office] = generatedShapes(createRandom(1));
    for (const { ours, naive, seasonalNaive } of office ? judge(office).errors : []) {
      expect(ours).toBeLessThan(Math.min(naive, seasonalNaive));
    }
  });
});

it("events happen in the order of their times, and those of the same time as they were planned", () => {
  const events = new Events();
  const happened: string[] = [];
  for (const [name, at] of [
    ["c", 30],
    ["a", 10],
    ["b", 20],
    ["b2", 20],
  ] as const) {
    events.at(at, () => happened.push(name));
  }
  events.at(10, () => events.in(5, () => happened.push("later")));
  events.runUntil(25);
  expect(happened).toEqual(["a", "later", "b", "b2"]);
  expect(events.now).toBe(25);
});
