/** A member's accounts at servers: connected with a secret or by consent at the server, replaced, and disconnected. */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { ForbiddenError, NotFoundError } from "../../core/errors.ts";
import { CALLBACK_PATH } from "../../core/oauth-client/client-registration.ts";
import { continueTo } from "../auth-pages/continue.tsx";
import { Button, LinkButton, PostForm } from "../forms/controls.tsx";
import { requireSignedIn } from "../http/page-context.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requireMembership, requirePagePermission } from "../http/require-permission.ts";
import { Empty, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import {
  type Account,
  account,
  accountPage,
  CONNECTIONS,
  Expiry,
  getName,
  getPath,
  StatusBadge,
} from "./connection-page.tsx";

const HERE = CONNECTIONS;

async function readAccounts(c: AdminContext): Promise<readonly Account[]> {
  const { value } = await c.get("rest").read("/connected-accounts", z.object({ items: z.array(account) }));
  return value.items;
}

async function requireAccount(c: AdminContext): Promise<Account> {
  const found = (await readAccounts(c)).find(({ serverId }) => serverId === c.req.param("id"));
  if (found === undefined)
    throw new NotFoundError(
      "This server does not use accounts of members, or does not exist. Check the URL.",
    );
  return found;
}

/** The consent was begun in this session: another one has nothing to complete. */
const requireBrowserSession = createMiddleware<AdminEnv>(async (c, next) => {
  if (c.get("person") === undefined) {
    throw new ForbiddenError("You are not signed in. Sign in, and connect the account again.");
  }
  await next();
});

const completed = z.object({ serverId: z.string(), authorizationUrl: z.string().nullable() });

/** The browser comes back from the authorization server. */
async function completeConsent(c: AdminContext) {
  const json = { query: new URL(c.req.url).search.slice(1) };
  const sent = await c.get("rest").send("POST", "/connected-accounts/callback", { json });
  if (!sent.ok) return redirectWithFlash(c, sent, { says: "", back: HERE });
  const { serverId, authorizationUrl } = completed.parse(sent.value);
  if (authorizationUrl !== null) return continueTo(c, buildFrame(c), authorizationUrl);
  return redirectWithFlash(c, sent, { says: "Account connected.", back: `${HERE}/${serverId}` });
}

/** A link names the organization of the server; the page acts in the one that the session has chosen. */
function otherOrganizationPage(c: AdminContext, organization: string) {
  const frame = buildFrame(c);
  return (
    <Page title="Other organization" frame={frame} narrow>
      <div class="card">
        <p>This server belongs to another organization. Switch to it to connect your account.</p>
        <PostForm
          action="/account/tenant"
          token={frame.formToken}
          hidden={{ tenant: organization, back: c.req.path }}
        >
          <Button>Switch organization</Button>
        </PostForm>
      </div>
    </Page>
  );
}

function AccountTable({ accounts }: { accounts: readonly Account[] }) {
  return (
    <section class="scroll" aria-label="Accounts" tabindex={0}>
      <table>
        <TableHead columns={["Server", "Status", "Scopes", "Connected", "Last used", "Expires"]} />
        <tbody>
          {accounts.map((each) => (
            <tr>
              <td>
                <a href={getPath(each)}>{getName(each)}</a>
              </td>
              <td>
                <StatusBadge status={each.status} />
              </td>
              <td>{each.scopes.join(", ") || "–"}</td>
              <td>
                <Time at={each.connectedAt} none="–" />
              </td>
              <td>
                <Time at={each.lastUsedAt} none="–" />
              </td>
              <td>
                <Expiry of={each} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

export const connections = new Hono<AdminEnv>()
  .use(`${HERE}/*`, requireSignedIn, requireMembership)
  .get(HERE, requirePagePermission("connected-accounts.list"), async (c) => {
    const accounts = await readAccounts(c);
    return c.html(
      <Page
        title="Connected accounts"
        frame={buildFrame(c)}
        intro="Servers where you act with your own account."
      >
        {accounts.length === 0 ? (
          <Empty title="No servers yet">
            <p>Servers that require your own account appear here.</p>
            <LinkButton to="/admin">Go to the overview</LinkButton>
          </Empty>
        ) : (
          <AccountTable accounts={accounts} />
        )}
      </Page>,
    );
  })
  .get(`${HERE}/:id`, requirePagePermission("connected-accounts.list"), async (c) => {
    const organization = c.req.query("organization");
    if (organization !== undefined && organization !== c.get("principal").tenantId) {
      return c.html(otherOrganizationPage(c, organization));
    }
    return c.html(await accountPage(c, await requireAccount(c)));
  })
  .post(`${HERE}/:id`, requirePagePermission("connected-accounts.connect"), async (c) => {
    const found = await requireAccount(c);
    const { secret = "", isForDiscovery } = c.get("form");
    const json = { secret: secret.trim(), isForDiscovery: isForDiscovery === "yes" };
    const sent = await c.get("rest").send("PUT", `/connected-accounts/${found.serverId}`, { json });
    if (!sent.ok && sent.refusal.status === 400)
      return c.html(await accountPage(c, found, sent.refusal), 422);
    return redirectWithFlash(c, sent, { says: "Account connected.", back: getPath(found) });
  })
  .post(`${HERE}/:id/authorize`, requirePagePermission("connected-accounts.connect"), async (c) => {
    const found = await requireAccount(c);
    const { isForDiscovery, scope = "" } = c.get("form");
    const scopes = scope.split(" ").filter((each) => each !== "");
    const json = { isForDiscovery: isForDiscovery === "yes", scopes };
    const sent = await c
      .get("rest")
      .send("POST", `/connected-accounts/${found.serverId}/authorize`, { json });
    if (!sent.ok) return redirectWithFlash(c, sent, { says: "", back: getPath(found) });
    const { authorizationUrl } = z.object({ authorizationUrl: z.string() }).parse(sent.value);
    return continueTo(c, buildFrame(c), authorizationUrl);
  })
  .post(`${HERE}/:id/disconnect`, requirePagePermission("connected-accounts.disconnect"), async (c) => {
    const found = await requireAccount(c);
    const sent = await c.get("rest").send("DELETE", `/connected-accounts/${found.serverId}`);
    return redirectWithFlash(c, sent, { says: "Account disconnected.", back: HERE });
  })
  .get(
    CALLBACK_PATH,
    requireBrowserSession,
    requireMembership,
    requirePagePermission("connected-accounts.connect"),
    completeConsent,
  );
