/** Numbers as they are shown beside a chart and in a list. */
import { describe, expect, it } from "vitest";
import { formatBytes } from "../../../src/admin/charts/scale.ts";

describe("a size in bytes", () => {
  it.each([
    [0, "0 B"],
    [1, "1 B"],
    [812, "812 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [5 * 1024 ** 3, "5 GiB"],
  ])("%d is shown as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
