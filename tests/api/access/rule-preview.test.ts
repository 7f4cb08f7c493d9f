/** The preview of an access rule and of a rate limit over the traffic that is logged. */
import { beforeAll, describe, expect, it } from "vitest";
import { owner } from "../../support/database.ts";
import { addTenant, call, type TestKey, type TestTenant } from "../support.ts";

let tenant: TestTenant;
let other: TestTenant;
let admin: TestKey;
let serverId: string;

beforeAll(async () => {
  tenant = await addTenant("previews");
  other = await addTenant("previews-other");
  admin = await tenant.addKey();
  serverId = await tenant.addServer("files");
  await owner.query(
    `insert into mcp_audit_logs (tenant_id, user_id, roles, method, target, server_id, success, timestamp)
     select $1, 'ada', array['user'], 'tools/call', tool, $2, true, now() - age
     from (values ('read', interval '1 hour'), ('read', interval '2 hours'), ('delete_all', interval '3 hours'),
       ('delete_all', interval '3 days')) as past (tool, age)`,
    [tenant.id, serverId],
  );
  await owner.query(
    `insert into request_rollups_minute (tenant_id, kind, dimension, at, member, requests)
     select $1, kind, dimension, date_trunc('minute', now()) - interval '1 hour', member, requests
     from (values ('mcp', 'all', '', 30), ('rest', 'all', '', 10), ('page', 'all', '', 500), ('mcp', 'user', 'ada', 25),
       ('mcp', 'user', 'bob', 5), ('call', 'tool', $2, 12)) as sum (kind, dimension, member, requests)`,
    [tenant.id, `${serverId}/read`],
  );
});

const post = (path: string, json: object, key = admin.text) => call("POST", path, { key, json });
const rule = (more: object = {}) => ({
  ...{ subject: { type: "role", id: "user" }, objectType: "tool", effect: "deny" },
  ...more,
});

describe("the preview of an access rule", () => {
  it("counts the calls of the last 24 hours that it matches", async () => {
    const { status, body } = await post("/access-controls/preview", rule({ objectPattern: "delete_*" }));
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ calls: 3, isComplete: true, matchedCalls: 1, matchedCallers: 1 },
      items: [{ kind: "tool", serverName: "files", name: "delete_all", calls: 1 }],
    });
  });

  it("reads no other organization's calls, and is for admins", async () => {
    const { text } = await other.addKey();
    expect((await post("/access-controls/preview", rule(), text)).body).toMatchObject({ calls: 0 });
    const user = await tenant.addKey({ role: "user" });
    expect((await post("/access-controls/preview", rule(), user.text)).status).toBe(403);
  });
});

describe("the preview of a rate limit", () => {
  it.each([
    ["tenant", {}, { requests: 40, highest: 40, rejected: 20, limitedSubjects: 1 }],
    ["user", {}, { requests: 30, highest: 25, rejected: 5, limitedSubjects: 1 }],
    ["user", { subjectId: "bob" }, { requests: 5, highest: 5, rejected: 0, limitedSubjects: 0 }],
  ])("of a %s counts what it would have rejected", async (subjectType, more, expected) => {
    const limit = { subjectType, limitCount: 20, windowSeconds: 60, ...more };
    expect((await post("/rate-limits/preview", limit)).body).toEqual(expected);
  });

  it("of a tool counts the calls of all callers", async () => {
    const limit = { subjectType: "tool", serverId, toolName: "read", limitCount: 10 };
    expect((await post("/rate-limits/preview", limit)).body).toMatchObject({ requests: 12, rejected: 2 });
  });

  it("takes only subjects whose traffic is summed", async () => {
    const { status, body } = await post("/rate-limits/preview", { subjectType: "ip", limitCount: 1 });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: "/subjectType" }]);
  });
});
