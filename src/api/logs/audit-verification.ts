/** Whether the audit log is as it was written: its hash chain, walked page by page. */
import { Hono } from "hono";
import { z } from "zod";
import {
  type AuditFault,
  describeAuditFault,
  excludePruned,
  findAuditFaults,
} from "../../core/audit-chain.ts";
import { checkChain, findHash, loadPrunedPositions } from "../../db/queries/logs/audit-chain.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { query } from "../http/validate.ts";
import { type ApiContext, type ResourceScope, systemScope, tenantScope } from "../resource/scope.ts";

/** Each entry is hashed anew, some fifty thousand a second. */
const USUAL_LIMIT = 10_000;
const MOST = 50_000;

const place = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const asked = z.object({
  after: place.default(0).meta({
    description: "Position at which the previous call stopped (`next`); 0 for the beginning of the chain.",
  }),
  limit: z.coerce.number().int().min(1).max(MOST).default(USUAL_LIMIT),
  anchor: z
    .string()
    .regex(/^\d{1,15}:[0-9a-f]{64}$/, "must be the anchor of an earlier verification")
    .optional()
    .meta({ description: "The `anchor` of an earlier verification, whose entries must be unchanged." }),
});

const shape = z
  .object({
    checked: z.number(),
    next: z.number().nullable().describe("Position at which to continue, or null at the end of the chain."),
    anchor: z.string().nullable().describe("Hash of the last verified entry. Store it outside the gateway."),
    faults: z.array(
      z.object({
        kind: z.enum(["changed", "unlinked", "added", "missing", "end", "anchor"]),
        message: z.string(),
        entryId: z.uuid().nullable(),
        from: z.number().nullable(),
        to: z.number().nullable(),
      }),
    ),
  })
  .meta({ id: "AuditVerification" });

type Asked = z.output<typeof asked>;
type Verification = z.output<typeof shape>;

async function verify(
  c: ApiContext,
  reach: ResourceScope,
  { after, limit, anchor }: Asked,
): Promise<Verification> {
  const [db, owner] = [reach.db(c), reach.owner(c)];
  const [noted = "0", notedHash] = anchor?.split(":") ?? [];
  const [[walked], pruned, [anchored]] = await db.batch([
    checkChain(db, owner, { after, limit }),
    loadPrunedPositions(db, owner),
    findHash(db, owner, Number(noted)),
  ]);
  const walk = walked?.walk;
  const last = walk?.last ?? undefined;
  const isWhole = (walk?.checked ?? 0) < limit;
  const gone = pruned.flatMap(({ places }) => places);
  const faults: Verification["faults"] = findAuditFaults({
    odd: walk?.odd ?? [],
    last,
    end: isWhole ? (walk?.end ?? { sequence: 0, hash: "" }) : undefined,
    pruned: gone,
  }).map(shown);
  const at = Number(noted);
  const isKept =
    anchored === undefined ? excludePruned([at, at], gone).length === 0 : anchored.hash === notedHash;
  if (notedHash !== undefined && !isKept) {
    const message = `Entry ${at} does not match this anchor.`;
    faults.push({ kind: "anchor", message, entryId: null, from: at, to: at });
  }
  return {
    checked: walk?.checked ?? 0,
    next: isWhole ? null : (last?.sequence ?? null),
    anchor: last === undefined ? null : `${last.sequence}:${last.hash}`,
    faults,
  };
}

function shown(fault: AuditFault): Verification["faults"][number] {
  const places =
    fault.kind === "missing"
      ? { entryId: null, from: fault.from, to: fault.to }
      : fault.kind === "end"
        ? { entryId: null, from: null, to: null }
        : { entryId: fault.id, from: fault.sequence, to: fault.sequence };
  return { kind: fault.kind, message: describeAuditFault(fault), ...places };
}

const routes = (reach: ResourceScope, action: "audit-logs.verify" | "system.read") =>
  new Hono<AppEnv>().get(
    "/",
    requirePermission(action),
    query(asked),
    responds(shape, "Inconsistencies, if any."),
    async (c) => c.json(await verify(c, reach, c.req.valid("query"))),
  );

export const verification = routes(tenantScope, "audit-logs.verify");
/** For entries without a tenant. */
export const systemVerification = routes(systemScope, "system.read");
