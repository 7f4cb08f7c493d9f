/** The cause of a failed connection, from what the request and a second look at the address found. */
import { describe, expect, it } from "vitest";
import { CONNECTION_CAUSES, describeCause, nameCause } from "../../../src/core/discovery/connection-cause.ts";

const unreachable = { code: "upstream_unreachable" };

describe("nameCause", () => {
  it.each([
    ["dns", { ...unreachable, socket: { isOpen: false, isRetryable: false } }],
    ["refused", { ...unreachable, socket: { isOpen: false, isRetryable: true } }],
    ["tls", { ...unreachable, socket: { isOpen: true, isRetryable: false } }],
    ["closed", { ...unreachable, socket: { isOpen: true, isRetryable: true } }],
    ["timeout", { code: "upstream_timeout" }],
    ["credential", { code: "upstream_refused" }],
    ["not_mcp", { code: "upstream_invalid" }],
    ["status", { code: "upstream_invalid", status: 404 }],
    ["status", { ...unreachable, status: 503 }],
    // As Cloudflare's network reports them.
    ["refused", { ...unreachable, status: 521 }],
    ["timeout", { ...unreachable, status: 522 }],
    ["tls", { ...unreachable, status: 526 }],
    ["dns", { ...unreachable, status: 530 }],
    ["other", unreachable],
  ])("returns %s for %j", (cause, failure) => {
    expect(nameCause(failure)).toBe(cause);
  });
});

describe("describeCause", () => {
  const known = { url: new URL("https://mcp.example.com/mcp"), status: 404, message: "It is unreachable." };

  it("names the host and the next step, for every cause that is known", () => {
    for (const cause of CONNECTION_CAUSES.filter((each) => each !== "other")) {
      expect(describeCause(cause, known)).toMatch(/mcp\.example\.com.*\. [A-Z].*\.$/);
    }
    expect(describeCause("other", known)).toBe("It is unreachable.");
  });

  it("names the port of the scheme where the URL has none", () => {
    expect(describeCause("refused", known)).toContain("port 443");
    expect(describeCause("refused", { ...known, url: new URL("http://a.test/") })).toContain("port 80");
    expect(describeCause("refused", { ...known, url: new URL("http://a.test:81/") })).toContain("port 81");
  });
});
