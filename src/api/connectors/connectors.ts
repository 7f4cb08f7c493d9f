/** The connectors of stdio servers, read from the Durable Objects of the servers. */
import { Hono } from "hono";
import { z } from "zod";
import { CONNECTOR_MODES, type ConnectedConnector } from "../../core/connector/description.ts";
import { NotFoundError } from "../../core/errors.ts";
import { listStdioServers } from "../../db/queries/servers/servers.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { buildPage, nameCursor, pageQuery, parseCursor } from "../http/cursors.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { params, query } from "../http/validate.ts";
import { requireServer } from "../servers/show.ts";

const connectorShape = z
  .object({
    instance: z.uuid().describe("Identifies the process of the connector."),
    host: z.string(),
    version: z.string(),
    mode: z.enum(CONNECTOR_MODES).describe("One process for each session, or one for all."),
    maxSessions: z.number().int(),
    sessions: z.number().int(),
    connectedAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime(),
    isDraining: z.boolean(),
  })
  .meta({ id: "Connector" });

const serverShape = z.object({
  id: z.uuid().describe("Of the server."),
  name: z.string(),
  connectors: z.array(connectorShape),
});

const reportShape = serverShape.extend({
  log: z
    .array(z.object({ at: z.iso.datetime(), host: z.string(), text: z.string() }))
    .describe("What the processes of the server wrote to stderr, newest last."),
});

const toTime = (at: number) => new Date(at).toISOString();

const present = ({ connectedAt, lastSeenAt, ...connector }: ConnectedConnector) => ({
  ...connector,
  connectedAt: toTime(connectedAt),
  lastSeenAt: toTime(lastSeenAt),
});

export const connectors = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("connectors.list"),
    query(pageQuery),
    respondsPage(serverShape, "Servers with transport stdio, and their connected connectors."),
    async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { principal, db, services } = c.var;
      const after = parseCursor(nameCursor, cursor);
      const rows = await listStdioServers(db, principal.tenantId, { after, limit: limit + 1 });
      const page = buildPage(rows, limit, ({ name, id }) => ({ name, id }));
      const items = await Promise.all(
        page.items.map(async ({ id, name }) => {
          const report = await services.connectorObject(id).describe();
          return { id, name, connectors: report.connectors.map(present) };
        }),
      );
      return c.json({ ...page, items });
    },
  )
  .get(
    "/:id",
    requirePermission("connectors.read"),
    params(idParam),
    responds(reportShape, "The connectors of a server, and the last lines of its log."),
    async (c) => {
      const { id, name, transportType } = await requireServer(c, c.req.valid("param").id);
      if (transportType !== "stdio")
        throw new NotFoundError(`Server ${name} uses transport ${transportType}, which has no connector.`);
      const report = await c.var.services.connectorObject(id).describe();
      return c.json({
        ...{ id, name },
        connectors: report.connectors.map(present),
        log: report.log.map((line) => ({ ...line, at: toTime(line.at) })),
      });
    },
  );
