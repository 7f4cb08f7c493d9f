// Only the owner of the tables may bring the place of an audit entry along.
import { expect, it } from "vitest";
import { withClient } from "../../../scripts/db/connection.ts";
import { databaseOfThisRun } from "../../fixtures/gateway.ts";

const INSERT = `insert into audit_logs (tenant_id, action, resource_type, success, sequence, hash)
  values ($1, 'x', 'x', true, 77, 'forged') returning sequence::int, hash`;

it("is chained by the trigger for the Worker's login, whatever the session sets", async () => {
  const { ownerUrl, runtimeUrl } = databaseOfThisRun();
  const tenant = crypto.randomUUID();
  const insert = (url: string, ...before: string[]) =>
    withClient(url, async (client) => {
      for (const sql of ["begin", ...before, "set local gateway.restoring_audit = 'on'"])
        await client.query(sql);
      const { rows } = await client.query(INSERT, [tenant]);
      await client.query("rollback");
      return rows[0];
    });
  expect(await insert(ownerUrl)).toEqual({ sequence: 77, hash: "forged" });
  expect(await insert(runtimeUrl, "set local role gateway_system")).toMatchObject({ sequence: 1 });
});
