/** A server as JSON, as the caller may see it: its URL and its configuration are for admins. */
import { NotFoundError } from "../../core/errors.ts";
import { findServer } from "../../db/queries/servers/servers.ts";
import type { ApiContext } from "../resource/scope.ts";
import { requireVisible } from "./visible.ts";

type ServerRow = Awaited<ReturnType<typeof findServer>>[number];

export function presentServer(row: ServerRow, isAdmin: boolean) {
  const { tenantId: _, authType, authReference, authVersion: __, ...open } = row;
  if (!isAdmin) return { ...open, endpointUrl: null, settings: {}, auth: null };
  return { ...open, auth: { type: authType, reference: authReference } };
}

export const isAdmin = (c: ApiContext) => c.get("principal").role === "admin";

export async function requireServer(c: ApiContext, id: string): Promise<ServerRow> {
  const [server] = await findServer(c.get("db"), c.get("principal").tenantId, id);
  if (server === undefined) throw new NotFoundError("Server not found.");
  await requireVisible(c, server);
  return server;
}
