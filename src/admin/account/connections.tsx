/** A member's accounts at servers: connected with a secret, replaced, and disconnected. */
import { Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import { Button, Check, Field, LinkButton, Notice, PostForm } from "../forms/controls.tsx";
import type { ApiError } from "../http/api-client.ts";
import { requireSignedIn } from "../http/page-context.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requireMembership, requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Badge, Details, Empty, TableHead, Time, type Tone } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HERE = "/account/connections";

const STATUSES = ["connected", "expired", "missing"] as const;
type Status = (typeof STATUSES)[number];

const account = z.object({
  serverId: z.string(),
  server: z.string(),
  title: z.string().nullable(),
  status: z.enum(STATUSES),
  scopes: z.array(z.string()),
  connectedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  isForDiscovery: z.boolean(),
});
type Account = z.output<typeof account>;

const LABELS: Record<Status, readonly [tone: Tone, label: string]> = {
  connected: ["good", "Connected"],
  expired: ["warn", "Reconnect"],
  missing: ["off", "Not connected"],
};

function StatusBadge({ status }: { status: Status }) {
  const [tone, label] = LABELS[status];
  return <Badge tone={tone}>{label}</Badge>;
}

const nameOf = ({ title, server }: Account) => title ?? server;
const pathOf = ({ serverId }: Account) => `${HERE}/${serverId}`;

async function readAccounts(c: AdminContext): Promise<readonly Account[]> {
  const { value } = await c.get("rest").read("/connected-accounts", z.object({ items: z.array(account) }));
  return value.items;
}

async function requireAccount(c: AdminContext): Promise<Account> {
  const found = (await readAccounts(c)).find(({ serverId }) => serverId === c.req.param("id"));
  if (found === undefined)
    throw new NotFoundError("This server takes no account of yours, or does not exist.");
  return found;
}

async function accountPage(c: AdminContext, found: Account, refusal?: ApiError) {
  const frame = buildFrame(c);
  const isConnected = found.status === "connected";
  return (
    <Page
      title={nameOf(found)}
      frame={frame}
      intro="Your calls to this server are sent with your own account."
    >
      {refusal !== undefined && (
        <Notice bad>
          {refusal.errors.map(({ message }) => `Secret ${message}.`).join(" ") || refusal.message}
        </Notice>
      )}
      <section class="card wide" aria-label="Account">
        <Details
          of={[
            ["Status", <StatusBadge status={found.status} />],
            ["Connected", <Time at={found.connectedAt} none="–" />],
            ["Expires", <Time at={found.expiresAt} />],
            ["Capability discovery", found.isForDiscovery ? "Acts as this account" : "–"],
          ]}
        />
      </section>
      <section class="card wide" aria-label="Connect account">
        <PostForm action={pathOf(found)} token={frame.formToken}>
          <Field
            name="secret"
            label="Personal access token"
            type="password"
            autocomplete="off"
            maxlength={8000}
            hint="Created in your account at the server. Stored encrypted and never shown."
          />
          {may(c, "servers.update") && (
            <Check
              name="isForDiscovery"
              label="Use my account for capability discovery and health checks"
              checked={found.isForDiscovery}
            />
          )}
          <Button>{isConnected ? "Replace token" : "Connect account"}</Button>
        </PostForm>
      </section>
      {found.status !== "missing" && (
        <PostForm action={`${pathOf(found)}/disconnect`} token={frame.formToken}>
          <Button kind="danger">Disconnect account</Button>
        </PostForm>
      )}
    </Page>
  );
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
        <TableHead columns={["Server", "Status", "Scopes", "Connected", "Expires"]} />
        <tbody>
          {accounts.map((each) => (
            <tr>
              <td>
                <a href={pathOf(each)}>{nameOf(each)}</a>
              </td>
              <td>
                <StatusBadge status={each.status} />
              </td>
              <td>{each.scopes.join(", ") || "–"}</td>
              <td>
                <Time at={each.connectedAt} none="–" />
              </td>
              <td>{each.connectedAt === null ? "–" : <Time at={each.expiresAt} />}</td>
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
    return redirectWithFlash(c, sent, { says: "Account connected.", back: pathOf(found) });
  })
  .post(`${HERE}/:id/disconnect`, requirePagePermission("connected-accounts.disconnect"), async (c) => {
    const found = await requireAccount(c);
    const sent = await c.get("rest").send("DELETE", `/connected-accounts/${found.serverId}`);
    return redirectWithFlash(c, sent, { says: "Account disconnected.", back: HERE });
  });
