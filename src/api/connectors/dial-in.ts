/**
 * Where connectors dial in: /connect/{server}, an upgrade to a WebSocket. The API key must be bound to the server; the
 * object of the server takes the connection over.
 */
import { Hono } from "hono";
import { z } from "zod";
import { authorizeConnector } from "../../connector/authorize-connector.ts";
import { type ConnectorSocketRequest, connectorDescription } from "../../connector/connector-server.ts";
import { CONNECTOR_OBJECT_URL, SOCKET_HEADER } from "../../core/connector/socket-request.ts";
import { GatewayError } from "../../core/errors.ts";
import { findServerByName } from "../../db/queries/servers/servers.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { params, query } from "../http/validate.ts";
import { discoverLater } from "../servers/discover.ts";
import { serverName } from "../servers/server-name.ts";

const CONFLICT = 409;

const dialInQuery = z.object({
  instance: connectorDescription.shape.instance,
  host: connectorDescription.shape.host,
  version: connectorDescription.shape.version,
  mode: connectorDescription.shape.mode,
  maxSessions: z.coerce.number().pipe(connectorDescription.shape.maxSessions),
  /** True after an interruption: the server was discovered when its connector started. */
  isReconnect: z.stringbool().default(false),
});

export const connectorDialIn = new Hono<AppEnv>().get(
  "/:server",
  requirePermission("connectors.connect"),
  params(z.object({ server: serverName })),
  query(dialInQuery),
  async (c) => {
    const { principal, db, services } = c.var;
    const { server: name } = c.req.valid("param");
    const { isReconnect, ...description } = c.req.valid("query");
    const [server] = await findServerByName(db, principal.tenantId, name);
    const grant = authorizeConnector(principal, name, server);
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
      throw new GatewayError("bad_request", "Send an upgrade to a WebSocket: this URL is for connectors.");
    const asked: ConnectorSocketRequest = { side: "connector", description, grant };
    const response = await services.connectorObject(grant.serverId).fetch(CONNECTOR_OBJECT_URL, {
      headers: { upgrade: "websocket", [SOCKET_HEADER]: JSON.stringify(asked) },
    });
    if (response.status === CONFLICT || response.webSocket === null) {
      throw new GatewayError(
        "conflict",
        `Server ${name} has as many connectors as it may have. Stop one first.`,
      );
    }
    if (!isReconnect) {
      await writeAuditEntry(c, {
        action: "connectors.connect",
        resource: { type: "server", id: grant.serverId },
        details: { host: description.host, mode: description.mode, version: description.version },
      });
      discoverLater(c, grant.serverId);
    }
    return new Response(null, { status: 101, webSocket: response.webSocket });
  },
);
