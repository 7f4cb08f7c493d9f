/** The pages on which members connect their own accounts at servers. */
import { describe, expect, it } from "vitest";
import { startAuthorizationServer, type TestAuthorizationServer } from "../fixtures/authorization-server.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";
import { startProtectedServer } from "../fixtures/protected-server.ts";

let authorization: TestAuthorizationServer | undefined;

async function addServer(
  { people, tenant }: Stage,
  name: string,
  url = "https://upstream.example.com/mcp",
  type = "user_secret",
): Promise<string> {
  const [row] = await people.query(
    `insert into mcp_servers (tenant_id, name, endpoint_url, auth_config)
     values ($1, $2, $3, $4) returning id`,
    [tenant.id, name, url, JSON.stringify({ type })],
  );
  return String(row?.id);
}

walkPages({
  name: "connected accounts",
  pages: [
    { path: "/account/connections", heading: "Connected accounts", picture: "connected-accounts" },
    { path: "/account/connections/{server}", heading: "tickets", picture: "connected-account" },
    { path: "/account/connections/{calendar}", heading: "calendar", picture: "oauth-account" },
    { path: "/account/connections/{server}?organization={other}", heading: "Other organization" },
  ],
  async prepare(stage) {
    // Members see servers of the snapshot, which the first page loads.
    for (const name of ["issues", "wiki"]) await addServer(stage, name);
    authorization = await startAuthorizationServer({ sendsIssuer: true });
    const upstream = await startProtectedServer(authorization);
    stage.atEnd(() => Promise.all([upstream.close(), authorization?.close()]));
    const calendar = await addServer(stage, "calendar", upstream.url, "user_oauth");
    return {
      calendar,
      server: await addServer(stage, "tickets"),
      other: "00000000-0000-4000-8000-000000000001",
    };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("connects an account by consent at the server, reconnects and disconnects it", () =>
        stage().visit(
          "user",
          async (page) => {
            const [row] = await stage().people.query(
              "select id from mcp_servers where tenant_id = $1 and name = 'calendar'",
              [stage().tenant.id],
            );
            const path = `${stage().gateway.url}/account/connections/${row?.id}`;
            await page.goto(path);
            await page.getByText("Not connected").waitFor();
            for (const button of ["Connect account", "Reconnect account"]) {
              await page.getByRole("button", { name: button, exact: true }).click();
              // By way of the authorization server, which consents at once.
              await page.getByText("Account connected.").waitFor();
              expect(page.url()).toBe(path);
              await page.getByText("Renewed automatically").waitFor();
              await page.getByText("notes.read").waitFor();
            }
            const html = await page.content();
            expect(authorization?.issued.filter((token) => html.includes(token))).toEqual([]);

            await page.getByRole("button", { name: "Disconnect account" }).click();
            await page.getByText("Account disconnected.").waitFor();
            await expect
              .poll(() => authorization?.revoked.at(-1))
              .toBe(authorization?.issued.filter((token) => token.startsWith("refresh-")).at(-1));

            if (authorization === undefined) throw new Error("no authorization server");
            authorization.user = "";
            await page.goto(path);
            await page.getByRole("button", { name: "Connect account" }).click();
            await page.getByText("Access was not granted (access_denied).").waitFor();
            authorization.user = "ann";
          },
          { script },
        ));

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
