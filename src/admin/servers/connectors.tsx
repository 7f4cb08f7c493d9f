/** Connectors: which programs serve the stdio servers, and what the servers have written to stderr. */
import { Hono } from "hono";
import { z } from "zod";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { Badge, CopyButton, Empty, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { serverPath } from "./server.ts";

const PATH = "/admin/servers/connectors";
const MODES: Readonly<Record<string, string>> = {
  session: "One process per session",
  shared: "One shared process",
};

const connectorView = z.object({
  instance: z.string(),
  host: z.string(),
  version: z.string(),
  mode: z.string(),
  sessions: z.number(),
  maxSessions: z.number(),
  connectedAt: z.string(),
  lastSeenAt: z.string(),
  isDraining: z.boolean(),
});
const serverView = z.object({ id: z.string(), name: z.string(), connectors: z.array(connectorView) });
const reportView = serverView.extend({
  log: z.array(z.object({ at: z.string(), host: z.string(), text: z.string() })),
});

type ConnectorView = z.infer<typeof connectorView>;

const COLUMNS = ["Host", "Status", "Mode", { figure: "Sessions" }, "Connected", "Last seen", "Version"];

export const connectors = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("connectors.list"), async (c) => {
    const cursor = c.req.query("cursor");
    const { value } = await c
      .get("rest")
      .read("/connectors", pageShape(serverView), { limit: 50, ...(cursor !== undefined && { cursor }) });
    return c.html(
      <Page
        title="Connectors"
        intro="Programs that make stdio servers reachable. They dial out, so no port is opened."
        frame={buildFrame(c)}
      >
        {value.items.length === 0 && (
          <Empty title="No stdio servers yet">
            <p>Create an API key with scope connect, and start a connector with --create.</p>
          </Empty>
        )}
        {value.items.map(({ id, name, connectors: connected }) => (
          <section class="card" aria-labelledby={`server-${id}`}>
            <h2 id={`server-${id}`}>
              <a href={`${PATH}/${id}`}>{name}</a>
            </h2>
            <Connected server={name} connected={connected} />
          </section>
        ))}
        {value.nextCursor !== null && (
          <p>
            <a href={`${PATH}?${new URLSearchParams({ cursor: value.nextCursor })}`}>Next page</a>
          </p>
        )}
      </Page>,
    );
  })
  .get(`${PATH}/:id`, requirePagePermission("connectors.read"), async (c) => {
    const id = c.req.param("id");
    const { value } = await c.get("rest").read(`/connectors/${encodeURIComponent(id)}`, reportView);
    const command = `mcp-gateway connect --gateway ${c.get("config").publicUrl} --server ${value.name} -- COMMAND`;
    return c.html(
      <Page title={`Connectors of ${value.name}`} frame={buildFrame(c)}>
        <p>
          <a href={serverPath(id)}>Server {value.name}</a>
        </p>
        <section class="card" aria-labelledby="connected">
          <h2 id="connected">Connected</h2>
          <Connected server={value.name} connected={value.connectors} />
        </section>
        <section class="card" aria-labelledby="command">
          <h2 id="command">Start a connector</h2>
          <p>Set GATEWAY_API_KEY to an API key with scope connect that is bound to this server.</p>
          <pre tabindex={0}>
            <code>{command}</code>
          </pre>
          <CopyButton text={command} />
        </section>
        <section class="card" aria-labelledby="log">
          <h2 id="log">Log</h2>
          {value.log.length === 0 ? (
            <Empty title="No lines yet">
              <p>What the processes of the server write to stderr is shown here.</p>
            </Empty>
          ) : (
            <section class="scroll" aria-label="Lines of stderr, newest last" tabindex={0}>
              <pre>
                <code>{value.log.map(({ at, host, text }) => `${at} ${host} ${text}`).join("\n")}</code>
              </pre>
            </section>
          )}
        </section>
      </Page>,
    );
  });

function Connected({ server, connected }: { server: string; connected: readonly ConnectorView[] }) {
  if (connected.length === 0) {
    return (
      <p>
        <Badge tone="bad">not connected</Badge> Calls of this server fail until a connector is started.
      </p>
    );
  }
  return (
    <section class="scroll" aria-label={`Connectors of ${server}`} tabindex={0}>
      <table>
        <TableHead columns={COLUMNS} />
        <tbody>
          {connected.map((connector) => (
            <tr>
              <td>{connector.host}</td>
              <td>
                <Badge tone={connector.isDraining ? "warn" : "good"}>
                  {connector.isDraining ? "draining" : "connected"}
                </Badge>
              </td>
              <td>{MODES[connector.mode] ?? connector.mode}</td>
              <td class="number">
                {connector.sessions} of {connector.maxSessions}
              </td>
              <td>
                <Time at={connector.connectedAt} />
              </td>
              <td>
                <Time at={connector.lastSeenAt} />
              </td>
              <td>{connector.version}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
