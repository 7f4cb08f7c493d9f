/**
 * Takes over the entries of another registry, a page at a time: all of them first, then what has changed. A pass that is
 * interrupted goes on where it was; what was decided here is not undone (db/queries/entries.ts, upsertSyncedEntries).
 */
import { ENTRY_STATUSES, type EntryStatus } from "../core/enums.ts";
import { toGatewayError, UpstreamError } from "../core/errors.ts";
import { uuidv7 } from "../core/ids.ts";
import { getMember, isMembers, parseLossless } from "../core/mcp/lossless-json.ts";
import { readBoundedText } from "../core/net/bounded-body.ts";
import { removeForeignMeta, type ServerJson } from "../core/registry/server-json.ts";
import { MAX_RESPONSE_BYTES } from "../core/size-limits.ts";
import type { Database, Db } from "../db/client.ts";
import { upsertSyncedEntries } from "../db/queries/registry/entries.ts";
import { savePass, startPass } from "../db/queries/registry/sources.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { bodyError } from "../upstream/connection/errors.ts";
import { sendHttp } from "../upstream/transports/http/exchange.ts";
import { updateLatestVersions } from "./latest-version.ts";
import { OFFICIAL_META } from "./official-entry.ts";

export interface SyncDeps {
  readonly database: Database;
  readonly upstream: UpstreamDeps;
  readonly now: () => number;
}

export interface SourceRef {
  readonly tenantId: string;
  readonly sourceId: string;
}

export type SyncResult =
  | { readonly kind: "done"; readonly taken: number; readonly skipped: number }
  /** More pages remain: call again. */
  | { readonly kind: "more"; readonly taken: number; readonly skipped: number }
  | { readonly kind: "failed"; readonly error: UpstreamError }
  /** The source was deleted or disabled, or another run is in progress. */
  | { readonly kind: "absent" };

const MAX_PAGES = 20;
/** Runs of MAX_PAGES pages in one job; a later job continues. */
const MAX_RUNS = 20;
const PAGE_SIZE = 100;
const FIRST_BYTE_TIMEOUT_MS = 20_000;
/** Of one page. */
const TOTAL_TIMEOUT_MS = 30_000;
const MAX_ENTRY_BYTES = 100_000;
/** Clocks differ, and the other side may commit late what it dates early. */
const OVERLAP_MS = 300_000;

type Source = Awaited<ReturnType<typeof startPass>>[number];

/** Syncs a source until its last page, or until MAX_RUNS. */
export async function syncAllPages(deps: SyncDeps, source: SourceRef, since: Date): Promise<void> {
  let startedBefore = since;
  for (let runs = 0; runs < MAX_RUNS; runs += 1) {
    if ((await syncSource(deps, source, startedBefore)).kind !== "more") return;
    startedBefore = new Date(deps.now() + 1);
  }
}

export async function syncSource(
  deps: SyncDeps,
  { tenantId, sourceId }: SourceRef,
  since: Date,
): Promise<SyncResult> {
  const db = deps.database.withTenant(tenantId);
  const at = new Date(deps.now());
  const [source] = await startPass(db, tenantId, sourceId, { at, since });
  if (source === undefined) return { kind: "absent" };
  const isUnderWay = source.passStartedAt !== null;
  const passStartedAt = source.passStartedAt ?? at;
  const changedSince = isUnderWay ? source.changedSince : withOverlap(source.syncedAt);
  let cursor = source.cursor ?? undefined;
  let [taken, skipped] = [0, 0];
  try {
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const page = parsePage(await fetchPage(deps, source, { cursor, changedSince }), source);
      taken += await savePage(db, source, page.entries);
      skipped += page.skipped;
      cursor = page.nextCursor;
      await savePass(db, tenantId, sourceId, { cursor: cursor ?? null, passStartedAt, changedSince });
      if (cursor === undefined) break;
    }
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (!(error instanceof UpstreamError)) throw thrown;
    // A cursor that is no longer understood would stop it for ever.
    const restart = error.code === "upstream_invalid" ? { cursor: null, passStartedAt: null } : {};
    await savePass(db, tenantId, sourceId, { ...restart, lastError: error.message.slice(0, 1000) });
    return { kind: "failed", error };
  }
  if (cursor !== undefined) return { kind: "more", taken, skipped };
  const finished = { syncedAt: passStartedAt, passStartedAt: null, changedSince: null, lastError: null };
  await savePass(db, tenantId, sourceId, finished);
  return { kind: "done", taken, skipped };
}

const withOverlap = (syncedAt: Date | null) => syncedAt && new Date(syncedAt.getTime() - OVERLAP_MS);

interface SyncPosition {
  readonly cursor: string | undefined;
  readonly changedSince: Date | null;
}

async function fetchPage(
  deps: SyncDeps,
  source: Source,
  { cursor, changedSince }: SyncPosition,
): Promise<unknown> {
  const url = new URL(`${source.url.replace(/\/{1,100}$/, "")}/v0.1/servers`);
  url.searchParams.set("limit", String(PAGE_SIZE));
  if (changedSince !== null) url.searchParams.set("updated_since", changedSince.toISOString());
  if (cursor !== undefined) url.searchParams.set("cursor", cursor);
  const response = await sendHttp(
    {
      server: source.name,
      url: url.href,
      method: "GET",
      headers: new Map([["accept", "application/json"]]),
      firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS,
      signal: AbortSignal.timeout(TOTAL_TIMEOUT_MS),
    },
    deps.upstream,
  );
  if (!response.ok) {
    await response.body?.cancel();
    const code =
      response.status >= 500 || response.status === 429 ? "upstream_unreachable" : "upstream_invalid";
    throw new UpstreamError(code, source.name, `${source.name} returned HTTP ${response.status}.`);
  }
  const text = await readBoundedText(response.body, {
    maxBytes: MAX_RESPONSE_BYTES.registryPage,
    totalMs: TOTAL_TIMEOUT_MS,
  }).catch((error: unknown) => {
    throw bodyError(source.name, error);
  });
  const page = parseLossless(text);
  if (page === undefined) throw invalidNameFault(source);
  return page;
}

const invalidNameFault = ({ name }: Source) =>
  new UpstreamError(
    "upstream_invalid",
    name,
    `${name} did not return a valid registry response. Check its URL.`,
  );

interface PageEntry {
  readonly server: ServerJson;
  readonly status: EntryStatus;
  readonly statusMessage: string | null;
  readonly statusChangedAt: Date;
  readonly publishedAt: Date;
}

function parsePage(content: unknown, source: Source) {
  const servers = isMembers(content) ? getMember(content, "servers") : undefined;
  if (!isMembers(content) || !Array.isArray(servers)) throw invalidNameFault(source);
  const metadata = getMember(content, "metadata");
  const cursor = isMembers(metadata) ? getMember(metadata, "nextCursor") : undefined;
  const entries = servers.flatMap(parseEntry);
  return {
    entries,
    skipped: servers.length - entries.length,
    nextCursor: typeof cursor === "string" && cursor !== "" && servers.length > 0 ? cursor : undefined,
  };
}

const NAME = /^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/;

/** Not held against the schema of today: it was published under that of its day. */
function parseEntry(item: unknown): PageEntry[] {
  const server = isMembers(item) ? getMember(item, "server") : undefined;
  if (!isMembers(item) || !isMembers(server)) return [];
  const [name, description, version] = ["name", "description", "version"].map((each) =>
    getMember(server, each),
  );
  const isNamed = typeof name === "string" && name.length >= 3 && name.length <= 200 && NAME.test(name);
  const isVersioned = typeof version === "string" && version !== "" && version.length <= 255;
  if (!isNamed || !isVersioned || typeof description !== "string" || description === "") return [];
  const text = JSON.stringify(server);
  // Postgres takes no NUL.
  if (text.length > MAX_ENTRY_BYTES || text.includes("\\u0000")) return [];
  const _meta = getMember(item, "_meta");
  const given = isMembers(_meta) ? getMember(_meta, OFFICIAL_META) : undefined;
  const official = isMembers(given) ? given : {};
  const status = ENTRY_STATUSES.find((known) => known === getMember(official, "status")) ?? "active";
  const message = getMember(official, "statusMessage");
  const publishedAt = parseDate(getMember(official, "publishedAt")) ?? new Date(0);
  return [
    {
      server: removeForeignMeta({ ...server, name, description, version }),
      status,
      statusMessage: typeof message === "string" && status !== "active" ? message.slice(0, 500) : null,
      statusChangedAt: parseDate(getMember(official, "statusChangedAt")) ?? publishedAt,
      publishedAt,
    },
  ];
}

function parseDate(value: unknown): Date | undefined {
  const date = typeof value === "string" ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

async function savePage(db: Db, source: Source, page: readonly PageEntry[]): Promise<number> {
  if (page.length === 0) return 0;
  const rows = page.map(({ server, ...known }) => ({
    ...known,
    id: uuidv7(),
    tenantId: source.tenantId,
    sourceId: source.id,
    name: server.name,
    version: server.version,
    server: { ...server },
  }));
  const unique = [...new Map(rows.map((row) => [`${row.name} ${row.version}`, row])).values()];
  const taken = await upsertSyncedEntries(db, unique);
  if (taken.length > 0)
    await updateLatestVersions(db, source.tenantId, [...new Set(unique.map(({ name }) => name))]);
  return taken.length;
}
