/** The pages of members: an admin's action takes effect for the member. */
import { describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/core/ids.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

async function somebody(stage: Stage, name: string): Promise<string> {
  const { id } = await stage.people.add({ tenants: [{ id: stage.tenant.id }] });
  await stage.people.query(`update "user" set name = $2 where id = $1`, [id, name]);
  await stage.people.query(
    `insert into session (id, token, user_id, expires_at, ip_address, user_agent, last_activity)
     values ($1, $1, $2, now() + interval '1 day', '203.0.113.9', $3, now())`,
    [uuidv7(), id, FIREFOX],
  );
  return id;
}

async function invitation(stage: Stage, email: string): Promise<void> {
  await stage.people.query(
    `insert into tenant_invitations (tenant_id, email, token_hash, expires_at) values ($1, $2, $3, now() + interval '1 day')`,
    [stage.tenant.id, email, uuidv7()],
  );
}

async function grant(stage: Stage, userId: string, name: string): Promise<void> {
  const id = uuidv7();
  await stage.people.query(
    "insert into oauth_client (id, client_id, name, redirect_uris) values ($1, $2, $3, $4)",
    [id, `https://${name.toLowerCase()}.example.com/client.json`, name, ["http://127.0.0.1:3118/callback"]],
  );
  await stage.people.query(
    "insert into oauth_consent (id, client_id, user_id, reference_id, scopes) select $1, client_id, $2, $3, $4 from oauth_client where id = $1",
    [id, userId, stage.tenant.id, ["proxy", "offline_access"]],
  );
}

const isOf = async (stage: Stage, id: string, condition: string) => {
  const [row] = await stage.people.query(`select (${condition}) as holds from "user" where id = $1`, [id]);
  return row?.holds;
};

const admins = ["admin"] as const;

walkPages({
  name: "people",
  pages: [
    { path: "/admin/members", heading: "Members", for: admins, picture: "people" },
    { path: "/admin/members?q=ann&role=user&sort=-joinedAt", heading: "Members", for: admins },
    { path: "/admin/members/{ann}", heading: "Ann Archer", for: admins, picture: "person" },
    { path: "/admin/members/{ann}/remove", heading: "Remove Ann Archer?", for: admins },
    {
      path: "/admin/members/{ann}/reset-second-factor",
      heading: "Reset two-factor authentication of Ann Archer?",
      for: admins,
    },
    { path: "/admin/members/{ann}/act-as", heading: "Impersonate Ann Archer", for: ["operator"] },
    { path: "/account/passkeys", heading: "Passkeys" },
    { path: "/account/profile", heading: "Profile" },
    { path: "/account/second-factor", heading: "Two-factor authentication" },
    { path: "/admin/members/invitations", heading: "Invitations", for: admins, picture: "invitations" },
    { path: "/admin/members/invitations/new", heading: "Invite members", for: admins },
    { path: "/admin/applications", heading: "Connected applications", for: admins, picture: "applications" },
    {
      path: "/admin/applications/clients",
      heading: "OAuth clients",
      for: ["operator"],
      picture: "oauth-clients",
    },
  ],
  async prepare(stage) {
    const ann = await somebody(stage, "Ann Archer");
    for (const name of ["Ben Baker", "Cleo Carter", "Dan Dyer"]) await somebody(stage, name);
    await invitation(stage, "eve@example.com");
    await invitation(stage, "finn@example.com");
    await grant(stage, ann, "Notebook");
    await grant(stage, ann, "Editor");
    return { ann };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("changes a role, ends a session, bans, lifts, switches off, removes", () =>
        stage().visit(
          "admin",
          async (page) => {
            const id = await somebody(stage(), script ? "Gil Green" : "Hal Hope");
            const here = `${stage().gateway.url}/admin/members/${id}`;
            await page.goto(here);
            await page.locator("select[name=role]").selectOption("readonly");
            await page.getByRole("button", { name: "Change role" }).click();
            await page.getByText("Role changed to readonly.").waitFor();

            await page.getByText("Firefox on Linux").waitFor();
            await page.getByRole("button", { name: "Revoke", exact: true }).click();
            await page.getByText("No active sessions.").waitFor();

            await page.getByLabel("Expires").fill("2020-01-01T00:00");
            await page.getByLabel("Reason").fill("Shared their password");
            await page.getByRole("button", { name: "Ban" }).click();
            await expect(page.getByLabel("Expires").getAttribute("aria-invalid")).resolves.toBe("true");
            await page.getByLabel("Expires").fill("");
            await expect(page.getByLabel("Reason").inputValue()).resolves.toBe("Shared their password");
            await page.getByRole("button", { name: "Ban" }).click();
            await page.getByText("Account banned. All sessions were revoked.").waitFor();
            expect(await isOf(stage(), id, "banned and ban_reason = 'Shared their password'")).toBe(true);
            await page.getByRole("button", { name: "Remove ban" }).click();
            await page.getByText("Ban removed.").waitFor();

            await page.getByRole("button", { name: "Disable account" }).click();
            await page.getByText("Account disabled.").waitFor();
            expect(await isOf(stage(), id, "not is_active and not banned")).toBe(true);

            await page.getByRole("link", { name: "Remove" }).click();
            await page.getByLabel(/Type .* to confirm/).fill("another member");
            await page.getByRole("button", { name: "Remove member" }).click();
            await page.getByText("The email does not match. The member was not removed.").waitFor();
            const label = await page.locator("label").filter({ hasText: "Type" }).innerText();
            await page.getByLabel(/Type .* to confirm/).fill(/Type (\S+)/.exec(label)?.[1] ?? "");
            await page.getByRole("button", { name: "Remove member" }).click();
            await page.getByText("removed from the organization.").waitFor();
          },
          { script, expected: /status of 422/ },
        ));

      it("invites, refuses to invite twice, sends again, takes back", () =>
        stage().visit(
          "admin",
          async (page) => {
            const email = script ? "ida@example.com" : "jan@example.com";
            const invite = async () => {
              await page.goto(`${stage().gateway.url}/admin/members/invitations`);
              await page.getByRole("link", { name: "Invite members" }).click();
              await page.getByLabel("Emails").fill(email);
              await page.getByRole("button", { name: "Send invitations" }).click();
            };
            await invite();
            await page.getByText(`Invitation sent to ${email}.`).waitFor();
            expect((await stage().people.mailTo(email)).link).toContain("/invitation");
            await invite();
            await page.getByText(`${email} has already been invited.`).waitFor();
            for (const [button, says] of [
              ["Resend", "1 invitation resent."],
              ["Revoke", "1 invitation revoked."],
            ] as const) {
              await page.goto(`${stage().gateway.url}/admin/members/invitations?q=${email}`);
              await page.getByLabel("Select row", { exact: true }).check();
              await page.getByRole("button", { name: button }).click();
              await page.getByText(says).waitFor();
            }
          },
          { script, expected: /status of 422/ },
        ));

      it("invites several at once, and signs in those who accept", () =>
        stage().visit(
          "admin",
          async (page) => {
            const name = script ? "nora" : "otto";
            const [first, taken, last] = [
              `${name}@example.com`,
              `${name}-2@example.com`,
              `${name}-3@example.com`,
            ];
            await invitation(stage(), taken);
            await page.goto(`${stage().gateway.url}/admin/members/invitations/new`);
            await page.getByLabel("Emails").fill([first, taken, last].join("\n"));
            await page.getByLabel("Role").selectOption("readonly");
            await page.getByRole("button", { name: "Send invitations" }).click();
            await page.getByText("2 invitations sent. 1 failed.").waitFor();
            await page.getByText(`${taken}: ${taken} has already been invited.`).waitFor();
            await expect(page.getByLabel("Emails").inputValue()).resolves.toBe(taken);
            const { link } = await stage().people.mailTo(first);
            await page.context().clearCookies();
            await page.goto(stage().gateway.url + link);
            await page.getByLabel("Your name").fill("Invited");
            await page.getByLabel("Password").fill("correct horse battery");
            await page.getByRole("button", { name: "Create account and join" }).click();
            await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
            await page.getByRole("button", { name: "Your account" }).click();
            await page.getByText(first).waitFor();
          },
          { script, expected: /status of 422/ },
        ));

      it("disconnects an application, and shuts a client out", async () => {
        const person = await somebody(stage(), "Kim King");
        const name = script ? "Sketchbook" : "Diary";
        await grant(stage(), person, name);
        await stage().visit(
          "operator",
          async (page) => {
            await page.goto(`${stage().gateway.url}/admin/applications/clients?q=${name}`);
            await expect(page.locator("tbody td.number").innerText()).resolves.toBe("1");
            await page.getByLabel("Select row", { exact: true }).check();
            await page.getByRole("button", { name: "Block", exact: true }).click();
            await page.getByText("1 client blocked.").waitFor();
            await page.goto(`${stage().gateway.url}/admin/applications?q=${name}`);
            await page.getByLabel("Select row", { exact: true }).check();
            await page.getByRole("button", { name: "Disconnect" }).click();
            await page.getByText("1 application disconnected.").waitFor();
          },
          { script },
        );
        const left = await stage().people.query("select from oauth_consent where user_id = $1", [person]);
        expect(left).toEqual([]);
      });

      it("lets an operator impersonate a member, with a banner on every page, and stop", async () => {
        const id = await somebody(stage(), "Lea Lund");
        await stage().visit(
          "operator",
          async (page) => {
            await page.goto(`${stage().gateway.url}/admin/members/${id}`);
            await page.getByRole("link", { name: "Impersonate" }).click();
            await page.getByLabel("Reason").fill("ticket 4711");
            await page.getByRole("button", { name: "Start impersonating" }).click();
            await page.getByText(/You are impersonating/).waitFor();
            await page.goto(`${stage().gateway.url}/account`);
            await page.getByText(/You are impersonating/).waitFor();
            await page.getByRole("button", { name: "Stop impersonating" }).click();
            await page.getByRole("heading", { level: 1 }).waitFor();
            await page.goto(`${stage().gateway.url}/admin/members`);
            await page.getByRole("heading", { level: 1, name: "Members" }).waitFor();
            await expect(page.getByText(/You are impersonating/).count()).resolves.toBe(0);
          },
          { script },
        );
      });
    });

    it("offers impersonation to operators only, and no admin a way to lock themselves out", () =>
      stage().visit("admin", async (page) => {
        const id = await somebody(stage(), "Mia Moss");
        await page.goto(`${stage().gateway.url}/admin/members/${id}`);
        await page.getByRole("button", { name: "Ban" }).waitFor();
        await expect(page.getByRole("link", { name: "Impersonate" }).count()).resolves.toBe(0);
        const [me] = await stage().people.query(
          // The first who came in is the admin whose browser this is.
          "select user_id from session where tenant_id = $1 order by created_at limit 1",
          [stage().tenant.id],
        );
        await page.goto(`${stage().gateway.url}/admin/members/${String(me?.user_id)}`);
        await page.getByText("You cannot disable or ban your own account.").waitFor();
        await expect(page.getByRole("button", { name: "Ban" }).count()).resolves.toBe(0);
        await expect(page.getByRole("link", { name: "Remove" }).count()).resolves.toBe(0);
      }));
  },
});
