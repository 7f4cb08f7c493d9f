// The result of a transform, and what all transforms need.
import type { Fact, References } from "../references.ts";
import { RejectedRow, type RowReader } from "../row-reader.ts";
import type { TargetRow } from "../target-tables.ts";

export interface Transformed {
  readonly rows: readonly TargetRow[];
  readonly facts?: readonly Fact[];
  /** What a person has to look at, though the row was brought over. */
  readonly conflicts?: readonly string[];
}

export type Transform = (row: RowReader, references: References) => Transformed;

/** The tenant of a row of configuration, which cannot be without one. */
export function requireTenant(row: RowReader, references: References): string {
  const oldId = row.reference("tenant_id");
  if (oldId === undefined) {
    if (references.defaultTenant !== undefined) return references.defaultTenant;
    throw new RejectedRow('tenant_id is missing and the tenant map has no "*"');
  }
  const tenantId = references.tenant(oldId);
  if (tenantId === undefined) throw new RejectedRow(`tenant ${oldId} does not exist`);
  return tenantId;
}

/** The tenant of a log entry; without one the entry is visible to operators only. */
export function loggedTenant(row: RowReader, references: References): string | null {
  const oldId = row.reference("tenant_id");
  if (oldId === undefined) return null;
  const tenantId = references.tenant(oldId);
  if (tenantId === undefined) row.repairs.add("tenant_id: unknown tenant, entry visible to operators only");
  return tenantId ?? null;
}

/** Log entries outlive users and servers, so an unknown one keeps its old ID. */
export function loggedUser(row: RowReader, references: References): string | null {
  const oldId = row.reference("user_id");
  return oldId === undefined ? null : (references.user(oldId) ?? oldId);
}

export function requireServer(row: RowReader, references: References): { id: string; tenantId: string } {
  const oldId = row.requiredText("server_id", 255);
  const server = references.server(oldId);
  if (server === undefined) throw new RejectedRow(`server ${oldId} does not exist`);
  return server;
}
