/** Publishing in a tenant's registry. Versions are immutable once they are out; only their status changes. */

import type { EntryStatus } from "../core/enums.ts";
import { GatewayError, InvalidInputError, NotFoundError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { isMembers } from "../core/mcp/lossless-json.ts";
import { findPublishingFaults } from "../core/registry/publishing-rules.ts";
import { parseServerJson, removeForeignMeta, type ServerJson } from "../core/registry/server-json.ts";

/** Throws with all that is wrong with it. */
export function acceptServerJson(value: unknown): ServerJson {
  const verdict = parseServerJson(value);
  if (!verdict.ok)
    throw new InvalidInputError(verdict.issues, "The server.json does not match the schema of 2025-12-11.");
  return removeForeignMeta(verdict.server);
}

/** The same for entries that are published here, which have further rules: see publishing-rules. */
export function acceptPublication(value: unknown): ServerJson {
  const verdict = parseServerJson(value);
  const faults = [
    ...(verdict.ok ? [] : verdict.issues),
    ...(isMembers(value) ? findPublishingFaults(value) : []),
  ];
  if (verdict.ok && faults.length === 0) return removeForeignMeta(verdict.server);
  throw new InvalidInputError(faults, "The server.json cannot be published. Fix the listed errors.");
}

export function createEntry(tenantId: string, server: ServerJson, publishedBy: string | undefined) {
  const { name, version } = server;
  return {
    ...{ id: uuidv7(), tenantId, name, version, server: { ...server } },
    ...(publishedBy !== undefined && { publishedBy }),
  };
}

export const alreadyPublishedError = ({ name, version }: ServerJson) =>
  new GatewayError("conflict", `${name} ${version} is already published. Publish another version.`);

export const serverNotFoundError = () => new NotFoundError("Server or version not found in this registry.");

export interface RequestedStatus {
  readonly status: EntryStatus;
  readonly statusMessage?: string | undefined;
}

export function statusChange({ status, statusMessage }: RequestedStatus) {
  if (status === "active" && statusMessage !== undefined) {
    throw new InvalidInputError([
      { path: "/statusMessage", message: "is allowed only for deprecated and deleted" },
    ]);
  }
  return { status, statusMessage: statusMessage ?? null };
}

interface EntryStatusFields {
  readonly status: EntryStatus;
  readonly statusMessage: string | null;
}

/** Those that would not stay what they are. */
export function listEntriesToChange<T extends EntryStatusFields>(
  entries: readonly T[],
  wanted: EntryStatusFields,
): T[] {
  const changing = entries.filter(
    ({ status, statusMessage }) => status !== wanted.status || statusMessage !== wanted.statusMessage,
  );
  if (changing.length > 0) return changing;
  throw new GatewayError("bad_request", `No change: the status is already ${wanted.status}.`);
}
