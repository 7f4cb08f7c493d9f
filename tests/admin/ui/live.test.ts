/** Live regions: events are sent repeatedly until the user loses access or disconnects. */
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { ApiClient } from "../../../src/admin/http/api-client.ts";
import type { AdminEnv } from "../../../src/admin/http/page-env.ts";
import { live } from "../../../src/admin/ui/live.ts";
import { GatewayError } from "../../../src/core/errors.ts";
import { createAnonymous } from "../../../src/identity/principal.ts";

const TENANT = "01890a5d-ac96-774b-bcce-b302099a8057";

/**
 * Returns what a listener receives while the API returns these responses, one per poll; afterwards the user is unknown.
 */
async function received(
  answers: readonly ({ tenantId: string; role: string } | undefined)[],
): Promise<string[]> {
  let looks = 0;
  const rest: ApiClient = {
    async read(_, shape) {
      const answer = answers[looks];
      looks += 1;
      if (answer === undefined) throw new GatewayError("unauthorized", "Sign in.");
      return { value: shape.parse(answer), etag: undefined };
    },
    send: () => Promise.reject(new Error("nothing is changed here")),
  };
  const app = new Hono<AdminEnv>().get("/", (c) => {
    c.set("rest", rest);
    c.set("principal", createAnonymous(TENANT));
    return live(c, 1, async () => ({ event: "replace", html: `<p>${looks}</p>` }));
  });
  const text = await (await app.request("/")).text();
  return [...text.matchAll(/event: (\w+)\ndata: (.*)\n/g)].map(([, event, data]) =>
    `${event} ${data}`.trim(),
  );
}

const reader = { tenantId: TENANT, role: "readonly" };

describe("a live region", () => {
  it.each([
    ["the session is gone", undefined],
    ["the role is another", { tenantId: TENANT, role: "user" }],
    ["another organization is looked at", { tenantId: crypto.randomUUID(), role: "readonly" }],
  ])("ends when %s", async (_, last) => {
    expect(await received([reader, reader, last])).toEqual(["replace <p>1</p>", "replace <p>2</p>", "end"]);
  });
});
