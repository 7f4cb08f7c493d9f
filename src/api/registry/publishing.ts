/** Members publish, correct and withdraw the entries of their tenant's registry; each change is audited. */
import { GatewayError, InvalidInputError } from "../../core/errors.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import {
  findEntry,
  findEntryVersion,
  insertEntry,
  listVersions,
  setEntryStatus,
  updateEntry,
} from "../../db/queries/registry/entries.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import {
  acceptPublication,
  alreadyPublishedError,
  createEntry,
  listEntriesToChange,
  type RequestedStatus,
  serverNotFoundError,
  statusChange,
} from "../../registry/entries.ts";
import { updateLatestVersions } from "../../registry/latest-version.ts";
import { type RegistryEntry, toOfficialEntry } from "../../registry/official-entry.ts";
import type { RegistryContext } from "./registry-context.ts";

const resource = (id: string) => ({ type: "registry entry", id });

async function shownById(c: RegistryContext, id: string) {
  const { tenantId, endpoints } = c.get("registry");
  const [entry] = await findEntry(c.get("db"), tenantId, id);
  if (entry === undefined) throw serverNotFoundError();
  return toOfficialEntry(entry, endpoints);
}

export async function publish(c: RegistryContext, given: unknown) {
  const { principal, db } = c.var;
  const server = acceptPublication(given);
  const values = createEntry(principal.tenantId, server, principal.userId);
  const what = { action: "registry-entries.publish", resource: resource(values.id), after: values };
  try {
    await commitWithAudit(c, what, (audit) => db.batch([insertEntry(db, values), audit]));
  } catch (error) {
    throw isUniqueViolation(error) ? alreadyPublishedError(server) : error;
  }
  await updateLatestVersions(db, principal.tenantId, [server.name]);
  return shownById(c, values.id);
}

interface Which {
  readonly server: string;
  readonly version: string;
}

async function found(c: RegistryContext, { server: name, version }: Which): Promise<RegistryEntry> {
  const { principal, db } = c.var;
  const [entry] = await findEntryVersion(db, principal.tenantId, { name, version, includeDeleted: true });
  if (entry === undefined) throw serverNotFoundError();
  return entry;
}

export async function editVersion(c: RegistryContext, which: Which, given: unknown) {
  const { principal, db } = c.var;
  const before = await found(c, which);
  if (before.sourceId !== null) {
    throw new GatewayError("conflict", "Entries of a registry source are read-only.");
  }
  const server = acceptPublication(given);
  const faults = (["name", "version"] as const)
    .filter((member) => server[member] !== before[member])
    .map((member) => ({ path: `/${member}`, message: `must match the URL: ${before[member]}` }));
  if (faults.length > 0) throw new InvalidInputError(faults);
  const what = {
    action: "registry-entries.edit",
    resource: resource(before.id),
    before: before.server,
    after: server,
  };
  await commitWithAudit(c, what, (audit) =>
    db.batch([updateEntry(db, principal.tenantId, before.id, { ...server }), audit]),
  );
  return shownById(c, before.id);
}

export async function endVersion(c: RegistryContext, which: Which) {
  const entry = await found(c, which);
  const [gone] = await changeStatus(c, [entry], { status: "deleted" });
  if (gone === undefined) throw serverNotFoundError();
  return gone;
}

/** Of one version, or of all. */
export async function setStatus(
  c: RegistryContext,
  { server, version }: Omit<Which, "version"> & { version?: string },
  wish: RequestedStatus,
) {
  if (version !== undefined) return changeStatus(c, [await found(c, { server, version })], wish);
  const all = await listVersions(c.get("db"), c.get("principal").tenantId, server, true);
  if (all.length === 0) throw serverNotFoundError();
  return changeStatus(c, all, wish);
}

async function changeStatus(c: RegistryContext, entries: readonly RegistryEntry[], wish: RequestedStatus) {
  const { principal, db } = c.var;
  const { tenantId } = principal;
  const wanted = statusChange(wish);
  const changing = listEntriesToChange(entries, wanted);
  const [first] = changing;
  const ids = changing.map(({ id }) => id);
  const what = {
    action: "registry-entries.status",
    resource: resource(first?.name ?? ""),
    before: Object.fromEntries(changing.map(({ version, status }) => [version, status])),
    after: wanted,
  };
  await commitWithAudit(c, what, (audit) => db.batch([setEntryStatus(db, tenantId, ids, wanted), audit]));
  await updateLatestVersions(db, tenantId, [...new Set(changing.map(({ name }) => name))]);
  return Promise.all(ids.map((id) => shownById(c, id)));
}
