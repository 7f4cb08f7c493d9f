import { describe, expect, it } from "vitest";
import { findPeriod, parseQuery } from "../../../src/admin/analytics/data.ts";

const NOW = new Date("2026-11-28T10:20:30Z");
const ZURICH = "Europe/Zurich";

const find = (query: { period?: string; from?: string; to?: string }) => {
  const { from, to, isInvalid } = findPeriod({ period: "", from: "", to: "", ...query }, NOW, ZURICH);
  return { from: from.toISOString(), to: to.toISOString(), isInvalid };
};

describe("the period of the analytics page", () => {
  it.each([
    ["hour", "2026-11-28T09:20:30.000Z", "2026-11-28T10:20:30.000Z"],
    ["day", "2026-11-27T10:20:30.000Z", "2026-11-28T10:20:30.000Z"],
    ["today", "2026-11-27T23:00:00.000Z", "2026-11-28T10:20:30.000Z"],
    ["yesterday", "2026-11-26T23:00:00.000Z", "2026-11-27T23:00:00.000Z"],
    ["week", "2026-11-21T10:20:30.000Z", "2026-11-28T10:20:30.000Z"],
    ["month", "2026-10-29T10:20:30.000Z", "2026-11-28T10:20:30.000Z"],
    ["year", "2025-11-28T10:20:30.000Z", "2026-11-28T10:20:30.000Z"],
    ["nonsense", "2026-11-27T10:20:30.000Z", "2026-11-28T10:20:30.000Z"],
  ])("%s is in the reader's time zone", (period, from, to) => {
    expect(find({ period })).toEqual({ from, to, isInvalid: false });
  });

  it("may be chosen, in wall-clock times of the reader", () => {
    expect(find({ period: "custom", from: "2026-07-01T08:00", to: "2026-07-02T08:00" })).toEqual({
      from: "2026-07-01T06:00:00.000Z",
      to: "2026-07-02T06:00:00.000Z",
      isInvalid: false,
    });
  });

  it.each([
    ["ends before it starts", { from: "2026-07-02T08:00", to: "2026-07-01T08:00" }],
    ["begins in the future", { from: "2027-07-02T08:00" }],
    ["is no time", { from: "yesterday", to: "2026-07-01T08:00" }],
    ["is longer than anything that is kept", { from: "1999-01-01T00:00" }],
  ])("that %s is replaced by the last day and marked invalid", (_, custom) => {
    expect(find({ period: "custom", ...custom })).toEqual({
      from: "2026-11-27T10:20:30.000Z",
      to: "2026-11-28T10:20:30.000Z",
      isInvalid: true,
    });
  });

  it("is read from addresses of before, which have a range", () => {
    const asked = parseQuery((name) => (name === "range" ? "week" : undefined));
    expect(asked.period.period).toBe("week");
  });
});
