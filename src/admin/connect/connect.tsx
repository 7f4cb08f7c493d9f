/** How clients are pointed at the gateway: ready configurations, and with one click a key filled in. */
import { Hono } from "hono";
import { z } from "zod";
import { parseApiKey } from "../../core/access/api-key.ts";
import { Button, Choice, LinkButton, PostForm } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { keyView } from "../keys/key.ts";
import { may } from "../lists/routes.tsx";
import { CopyButton, Tabs } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { CLIENTS, type Client, type Endpoint } from "./clients.ts";

const HOME = "/admin/connect";
const named = pageShape(z.object({ name: z.string() }));

/** Where a key goes that is not made here. */
const PLACEHOLDER = "YOUR_KEY";

interface ConnectQuery {
  readonly client: Client;
  /** Undefined: all servers at one address. */
  readonly server: string | undefined;
}

function wantedBy(get: (name: string) => string | undefined): ConnectQuery | undefined {
  const client = CLIENTS.find(({ id }) => id === get("client")) ?? CLIENTS[0];
  const server = get("server");
  return client && { client, server: server === "" ? undefined : server };
}

const addressOf = (client: string, server: string | undefined) =>
  `${HOME}?${new URLSearchParams({ client, ...(server !== undefined && { server }) })}`;

function Snippet({ id, title, text }: { id: string; title: string; text: string }) {
  return (
    <section class="card" aria-label={title}>
      <div class="row">
        <h2>{title}</h2>
        <CopyButton from={id} />
      </div>
      <pre id={id}>{text}</pre>
    </section>
  );
}

async function connectPage(c: AdminContext, { client, server }: ConnectQuery, key?: string) {
  const { mcpUrl } = c.get("config");
  const { value } = await c.get("rest").read("/servers", named, { fields: "name", sort: "name", limit: 200 });
  const url = server === undefined ? `${mcpUrl}/mcp` : `${mcpUrl}/mcp/${encodeURIComponent(server)}`;
  const name = server ?? "gateway";
  const tabs = CLIENTS.map(({ id, label }) => ({ label, path: addressOf(id, server) }));
  return (
    <Page title="Connect" frame={buildFrame(c)} intro="Configure an MCP client to use the gateway.">
      <form method="get" action={HOME} class="filters">
        <input type="hidden" name="client" value={client.id} />
        <Choice
          name="server"
          label="Scope"
          value={server ?? ""}
          options={value.items.map((each) => ({ value: each.name, label: `Server ${each.name} only` }))}
          none="All servers"
          submits
        />
        <noscript>
          <Button kind="quiet">Show</Button>
        </noscript>
        <div class="field grow">
          <span>Endpoint URL</span>
          <span class="start">
            <code id="address">{url}</code>
            <CopyButton from="address" />
          </span>
        </div>
      </form>
      <Tabs tabs={tabs} current={addressOf(client.id, server)} label="Client" />
      <p class="quiet-text">{client.place}</p>
      {key === undefined ? (
        <WithoutKey c={c} client={client} server={server} endpoint={{ url, name, key }} />
      ) : (
        <WithKey client={client} endpoint={{ url, name, key }} />
      )}
    </Page>
  );
}

function InstallLink({ client, endpoint }: { client: Client; endpoint: Endpoint }) {
  if (client.install === undefined) return null;
  return (
    <p>
      <LinkButton to={client.install(endpoint)}>Add to {client.label}</LinkButton>
    </p>
  );
}

/** The key is on this page only, so the configurations of all clients are on it. */
function WithKey({ client, endpoint }: { client: Client; endpoint: Endpoint }) {
  const others = CLIENTS.filter((other) => other !== client && other.signsInOnly !== true);
  return (
    <>
      <p class="notice warn">The key is shown only once. Copy the configuration now.</p>
      {client.signsInOnly === true ? (
        <p>{client.label} signs in with OAuth and accepts no API key. Choose another client below.</p>
      ) : (
        <>
          <InstallLink client={client} endpoint={endpoint} />
          <Snippet
            id="with-key"
            title={`${client.label}, with the new API key`}
            text={client.write(endpoint)}
          />
        </>
      )}
      {others.map((other) => (
        <details>
          <summary>{other.label}</summary>
          <Snippet id={`with-key-${other.id}`} title={other.place} text={other.write(endpoint)} />
        </details>
      ))}
    </>
  );
}

interface WithoutKeyProps extends ConnectQuery {
  readonly c: AdminContext;
  readonly endpoint: Endpoint;
}

function WithoutKey({ c, client, server, endpoint }: WithoutKeyProps) {
  const takesKey = client.signsInOnly !== true;
  return (
    <>
      <InstallLink client={client} endpoint={endpoint} />
      {client.needsKey !== true && (
        <Snippet id="by-sign-in" title={`${client.label} (OAuth sign-in)`} text={client.write(endpoint)} />
      )}
      {takesKey && (
        <Snippet
          id="with-placeholder"
          title={`${client.label} (API key)`}
          text={client.write({ ...endpoint, key: PLACEHOLDER })}
        />
      )}
      {takesKey && may(c, "keys.create") && (
        <PostForm
          action={HOME}
          token={c.get("formToken")}
          hidden={{ client: client.id, server: server ?? "", once: crypto.randomUUID() }}
          class="inline"
        >
          <Button>Create key and insert</Button>
          <LinkButton to="/admin/keys" kind="quiet">
            View API keys
          </LinkButton>
        </PostForm>
      )}
    </>
  );
}

const made = z.object({ key: keyView, secret: z.string() });

export const connect = new Hono<AdminEnv>()
  .get(HOME, requirePagePermission("servers.list"), async (c) => {
    const wanted = wantedBy((name) => c.req.query(name));
    return wanted === undefined ? c.notFound() : c.html(await connectPage(c, wanted));
  })
  // From the page that shows a new key: it is in that page and in this one, and nowhere in between.
  .post(`${HOME}/with-key`, requirePagePermission("servers.list"), async (c) => {
    const wanted = wantedBy(() => undefined);
    const { secret = "" } = c.get("form");
    if (wanted === undefined || parseApiKey(secret) === undefined) return c.notFound();
    return c.html(await connectPage(c, wanted, secret));
  })
  .post(HOME, requirePagePermission("keys.create"), async (c) => {
    const form = c.get("form");
    const wanted = wantedBy((name) => form[name]);
    if (wanted === undefined) return c.notFound();
    const json = {
      name: wanted.client.label,
      description: "Created on the Connect page.",
      scopes: ["read", "proxy"],
    };
    const sent = await c.get("rest").send("POST", "/keys", { json, once: form.once });
    if (!sent.ok) throw sent.refusal;
    return c.html(await connectPage(c, wanted, made.parse(sent.value).secret));
  });
