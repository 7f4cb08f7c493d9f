import { describe, expect, it, vi } from "vitest";
import { formatApiKey } from "../../src/core/access/api-key.ts";
import { owner } from "../support/database.ts";
import { addTenant, call } from "./support.ts";

const wrongKey = () => formatApiKey(crypto.randomUUID(), crypto.getRandomValues(new Uint8Array(32)));

describe("a client that tries keys", () => {
  it("has to wait, and causes one security event", async () => {
    const key = await (await addTenant("guessing")).addKey();
    const ip = `2001:db8:${crypto.randomUUID().slice(0, 4)}:${crypto.randomUUID().slice(0, 4)}::1`;
    expect((await call("GET", "/me", { key: key.text, ip })).status).toBe(200);
    for (let time = 0; time < 20; time += 1) {
      expect((await call("GET", "/me", { key: wrongKey(), ip })).status).toBe(401);
    }
    const answer = await call("GET", "/me", { key: wrongKey(), ip });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.body).toMatchObject({ code: "too_many_requests" });
    // From the same /64, with the address of a neighbour.
    expect((await call("GET", "/me", { key: wrongKey(), ip: ip.replace(/1$/, "2") })).status).toBe(429);
    expect((await call("GET", "/me", { key: key.text, ip })).status).toBe(200);
    const events = await vi.waitFor(async () => {
      const rows = await owner.query(
        "select event_type, severity from security_events where ip_address = $1",
        [ip],
      );
      expect(rows.length).toBeGreaterThan(0);
      return rows;
    });
    expect(events).toEqual([{ event_type: "key.blocked", severity: "medium" }]);
  });
});
