/** The preferences of a user: theme and current organization. */
import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { listTenantsOfUser } from "../../db/queries/identity/user-accounts.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import { requireSignedIn, safeNext } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { THEME_COOKIE, THEMES } from "../http/theme.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const YEAR_S = 365 * 86_400;

export const preferences = new Hono<SignedInEnv>()
  .post("/account/theme", requireSignedIn, (c) => {
    const { theme, back } = c.get("form");
    const chosen = THEMES.find((known) => known === theme) ?? "auto";
    const { publicUrl } = c.get("config");
    const secure = publicUrl.startsWith("https:");
    setCookie(c, THEME_COOKIE, chosen, { path: "/", sameSite: "Lax", secure, maxAge: YEAR_S });
    return c.redirect(safeNext(back, publicUrl) ?? "/account", 303);
  })
  .get("/account/organisations", (c) => c.redirect("/account/organizations", 308))
  .get("/account/organizations", requireSignedIn, async (c) => {
    const { id, tenant: current } = c.get("person");
    const tenants = await listTenantsOfUser(c.get("services").database.asSystem(), id);
    const frame = buildFrame(c);
    return c.html(
      <Page title="Organizations" frame={frame}>
        <div class="organizations">
          {tenants.length === 0 && (
            <p>You are not a member of any organization. Ask an admin to invite you.</p>
          )}
          <PostForm action="/account/tenant" token={frame.formToken} hidden={{ back: "/admin" }} class="menu">
            {tenants
              .filter(({ status }) => status === "active")
              .map((tenant) => (
                <Button kind="quiet" name="tenant" value={tenant.id} pressed={tenant.id === current?.id}>
                  {tenant.name} <span class="quiet-text">{tenant.role}</span>
                </Button>
              ))}
          </PostForm>
        </div>
      </Page>,
    );
  });
