/** How long sessions last: by the settings of the organization that they are in, and of the system. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../support/database.ts";
import { addTenant, call, type TestTenant } from "./support.ts";

/** The status of a request with a new session that began and was last active so long ago. */
async function useSession(tenant: TestTenant, signedIn: string, active: string): Promise<number> {
  const headers = await tenant.addOperator();
  await owner.query(
    `update session set created_at = now() - $2::interval, last_activity = now() - $3::interval,
       expires_at = now() + interval '1 day'
      where id = (select id from session where tenant_id = $1 order by created_at desc limit 1)`,
    [tenant.id, signedIn, active],
  );
  return (await call("GET", "/me", { headers })).status;
}

let strict: TestTenant;

beforeAll(async () => {
  strict = await addTenant("strict-sessions");
  const { text: key } = await strict.addKey();
  for (const [name, value] of [
    ["sessions.idle_minutes", 30],
    ["sessions.max_hours", 8],
  ] as const) {
    const set = await call("POST", "/configs", { key, json: { key: name, value } });
    expect(set.status, JSON.stringify(set.body)).toBe(201);
  }
});

describe("a session", () => {
  it("ends when it has been idle for longer than its organization allows", async () => {
    expect(await useSession(strict, "1 hour", "29 minutes")).toBe(200);
    expect(await useSession(strict, "1 hour", "31 minutes")).toBe(401);
  });

  it("ends a while after its sign-in, however active it is", async () => {
    expect(await useSession(strict, "7 hours 59 minutes", "0 minutes")).toBe(200);
    expect(await useSession(strict, "8 hours 1 minute", "0 minutes")).toBe(401);
  });

  it("lasts for the defaults in an organization that sets nothing", async () => {
    const usual = await addTenant("usual-sessions");
    expect(await useSession(usual, "29 days", "6 days")).toBe(200);
    expect(await useSession(usual, "31 days", "0 minutes")).toBe(401);
    expect(await useSession(usual, "29 days", "8 days")).toBe(401);
  });
});
