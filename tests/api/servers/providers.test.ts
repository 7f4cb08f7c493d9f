/** Which servers offer the same tool. */
import { expect, it } from "vitest";
import { owner } from "../../support/database.ts";
import { addTenant, call } from "../support.ts";

it("lists the servers with a tool of the same name, best first, as far as the caller can use them", async () => {
  const tenant = await addTenant("providers");
  const [busy, quiet, denied] = await Promise.all(
    ["busy", "quiet", "denied"].map((name) => tenant.addServer(name)),
  );
  await owner.query("update mcp_servers set health_status = 'healthy' where tenant_id = $1", [tenant.id]);
  const addTool = async (serverId: string | undefined, hash: string, calls: number) =>
    (
      await owner.query(
        `insert into server_tools (tenant_id, server_id, name, definition, definition_hash, total_calls, success_count)
         values ($1, $2, 'search', '{"name":"search"}', $3, $4, $4) returning id`,
        [tenant.id, serverId, hash, calls],
      )
    )[0]?.id;
  const toolId = await addTool(quiet, "a", 0);
  await addTool(busy, "b", 5);
  await addTool(denied, "a", 9);
  const user = await tenant.addKey({ role: "user" });
  await owner.query(
    `insert into server_access_controls (tenant_id, subject_type, subject_id, object_type, object_pattern, effect)
     values ($1, 'key', $2, 'server', 'denied', 'deny')`,
    [tenant.id, user.id],
  );
  const admin = await tenant.addKey();
  const all = await call("GET", `/tools/${toolId}/providers`, { key: admin.text });
  expect(all.body.items).toMatchObject([
    { serverId: denied, rank: 1, isSameDefinition: true, totalCalls: 9 },
    { serverId: busy, rank: 2, isSameDefinition: false },
    { serverId: quiet, rank: null, isSameDefinition: true, totalCalls: 0 },
  ]);
  const seen = await call("GET", `/tools/${toolId}/providers`, { key: user.text });
  expect(seen.body.items.map(({ serverId }: { serverId: string }) => serverId)).toEqual([busy, quiet]);
  const stranger = await (await addTenant("providers-other")).addKey();
  expect((await call("GET", `/tools/${toolId}/providers`, { key: stranger.text })).status).toBe(404);
});
