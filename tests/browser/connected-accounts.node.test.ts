/** The pages on which members connect their own accounts at servers. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

async function addServer({ people, tenant }: Stage, name: string): Promise<string> {
  const [row] = await people.query(
    `insert into mcp_servers (tenant_id, name, endpoint_url, auth_config)
     values ($1, $2, 'https://upstream.example.com/mcp', '{"type":"user_secret"}') returning id`,
    [tenant.id, name],
  );
  return String(row?.id);
}

walkPages({
  name: "connected accounts",
  pages: [
    { path: "/account/connections", heading: "Connected accounts", picture: "connected-accounts" },
    { path: "/account/connections/{server}", heading: "tickets", picture: "connected-account" },
    { path: "/account/connections/{server}?organization={other}", heading: "Other organization" },
  ],
  async prepare(stage) {
    // Members see servers of the snapshot, which the first page loads.
    for (const name of ["issues", "wiki"]) await addServer(stage, name);
    return { server: await addServer(stage, "tickets"), other: "00000000-0000-4000-8000-000000000001" };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("connects an account, replaces its token and disconnects it", () =>
        stage().visit(
          "user",
          async (page) => {
            const name = script ? "issues" : "wiki";
            const [row] = await stage().people.query(
              "select id from mcp_servers where tenant_id = $1 and name = $2",
              [stage().tenant.id, name],
            );
            const id = String(row?.id);
            await page.goto(`${stage().gateway.url}/account/connections/${id}`);
            await page.getByText("Not connected").waitFor();
            expect(await page.getByLabel("Use my account for capability discovery").count()).toBe(0);
            await page.getByLabel("Personal access token").fill("tökén");
            await page.getByRole("button", { name: "Connect account" }).click();
            await page.getByText("must be printable ASCII").waitFor();
            await page.getByLabel("Personal access token").fill("first-token-of-the-member");
            await page.getByRole("button", { name: "Connect account" }).click();
            await page.getByText("Account connected.").waitFor();
            expect(await page.content()).not.toContain("first-token-of-the-member");

            await page.getByLabel("Personal access token").fill("second-token-of-the-member");
            await page.getByRole("button", { name: "Replace token" }).click();
            await page.getByText("Account connected.").waitFor();

            await page.getByRole("button", { name: "Disconnect account" }).click();
            await page.getByText("Account disconnected.").waitFor();
            const kept = await stage().people.query(
              "select id from connected_accounts where server_id = $1",
              [id],
            );
            expect(kept).toEqual([]);
            const audited = await stage().people.query(
              `select action, success, before, after, details from audit_logs where resource_id = $1 order by timestamp`,
              [id],
            );
            expect(audited.map(({ action, success }) => `${action} ${success}`)).toEqual([
              "connected-accounts.connect false",
              "connected-accounts.connect true",
              "connected-accounts.connect true",
              "connected-accounts.disconnect true",
            ]);
            expect(JSON.stringify(audited)).not.toContain("token-of-the-member");
          },
          { script, expected: /status of 422/ },
        ));
    });
  },
});
