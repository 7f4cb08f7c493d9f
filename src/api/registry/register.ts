/** Makes a gateway server of a registry's entry, in one call: address and secret filled in, reached and watched from then on. */
import { z } from "zod";
import { GatewayError, InvalidInputError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { getMember } from "../../core/mcp/lossless-json.ts";
import { fillRemote, findRemote, type RemoteTarget } from "../../core/registry/remotes.ts";
import { isStaleWrite } from "../../db/errors.ts";
import { linkEntry } from "../../db/queries/registry/entries.ts";
import { assertPlanCapacity, insertServer, lockTenant } from "../../db/queries/servers/servers.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import type { RegistryEntry } from "../../registry/official-entry.ts";
import { type Credentials, credentialsSchema } from "../../upstream/credentials-schema.ts";
import { mapDatabaseErrors } from "../resource/database-errors.ts";
import type { ApiContext } from "../resource/scope.ts";
import { rejectUrl, sealCredential } from "../servers/credentials.ts";
import { discoverLater } from "../servers/discover.ts";
import { newServer } from "../servers/schemas.ts";
import { presentServer } from "../servers/show.ts";

const texts = z.record(z.string().min(1).max(200), z.string().max(8000));

export const registration = z
  .strictObject({
    name: newServer.shape.name.optional().describe("Default: the last part of the entry's name."),
    variables: texts.default({}).describe("Values for the URL and header variables."),
    headers: texts.default({}).describe("Header values, for example the upstream credential."),
    tags: newServer.shape.tags,
  })
  .meta({ examples: [{ headers: { Authorization: "Bearer the server's own token" } }] });

export async function register(c: ApiContext, entry: RegistryEntry, wish: z.output<typeof registration>) {
  const { principal, db, services } = c.var;
  const { tenantId } = principal;
  if (entry.serverName !== null) {
    throw new GatewayError(
      "conflict",
      `A server is already registered from this entry: ${entry.serverName}.`,
    );
  }
  const remote = reachable(entry, wish);
  rejectUrl(remote.url, remote.transport, services.upstream.urlPolicy);
  const id = uuidv7();
  const text = (member: string) => {
    const value = getMember(entry.server, member);
    return typeof value === "string" ? value : null;
  };
  const values = {
    ...{ id, tenantId, name: wish.name ?? nameOf(entry.name), endpointUrl: remote.url },
    ...{ title: text("title"), description: text("description"), version: entry.version.slice(0, 100) },
    ...(wish.tags !== undefined && { tags: wish.tags }),
    transportType: remote.transport,
    authConfig: await sealCredential(services.keyring, id, credentialOf(remote)),
    createdBy: principal.userId,
  };
  const what = {
    action: "registry-entries.register",
    resource: { type: "server", id },
    after: values,
    details: { entryId: entry.id, entry: entry.name, version: entry.version },
  };
  const [, , [made]] = await mapDatabaseErrors("server", () =>
    commitWithAudit(c, what, (audit) =>
      db.batch([
        lockTenant(db, tenantId),
        assertPlanCapacity(db, tenantId),
        insertServer(db, values),
        linkEntry(db, tenantId, entry.id, id),
        audit,
      ]),
    ).catch((error: unknown) => {
      if (!isStaleWrite(error)) throw error;
      throw new GatewayError("conflict", "Plan limit reached: servers.");
    }),
  );
  if (made === undefined) throw new Error("a server that was just written is not there");
  discoverLater(c, id);
  return presentServer(made, true);
}

const nameOf = (entryName: string) =>
  (entryName.split("/")[1] ?? entryName).replace(/^[^A-Za-z0-9]+/, "").slice(0, 100);

function reachable(
  { server }: RegistryEntry,
  { variables, headers }: z.output<typeof registration>,
): RemoteTarget {
  const remote = findRemote(server);
  if (remote === undefined) {
    throw new GatewayError(
      "conflict",
      "This server runs locally (stdio). Register a server with transport stdio, and start a connector for it.",
    );
  }
  const filled = fillRemote(remote, { variables, headers });
  if (!filled.ok) throw new InvalidInputError(filled.issues, "The server requires additional variables.");
  return filled.remote;
}

function credentialOf({ headers }: RemoteTarget): Credentials {
  const [first, second] = headers;
  if (first === undefined) return { type: "none" };
  if (second !== undefined) {
    const message = `the server requires several (${headers.map(([name]) => name).join(", ")}), and the gateway supports one`;
    throw new InvalidInputError([{ path: "/headers", message }]);
  }
  const [name, value] = first;
  const bearer = /^authorization$/i.test(name) ? /^bearer (.+)$/i.exec(value)?.[1] : undefined;
  const credential = credentialsSchema.safeParse(
    bearer === undefined ? { type: "header", name, value } : { type: "bearer", token: bearer },
  );
  if (credential.success) return credential.data;
  const message = credential.error.issues[0]?.message ?? "is invalid";
  throw new InvalidInputError([{ path: `/headers/${name}`, message }]);
}
