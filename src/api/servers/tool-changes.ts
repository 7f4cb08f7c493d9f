/** Tools that changed after they were approved: what changed, and whether they may be used all the same. */
import { Hono } from "hono";
import { z } from "zod";
import { scanDefinition } from "../../core/discovery/definition-scan.ts";
import { diffJson } from "../../core/discovery/json-diff.ts";
import { SEVERITIES, TOOL_STATES } from "../../core/enums.ts";
import { NotFoundError } from "../../core/errors.ts";
import { isStaleWrite } from "../../db/errors.ts";
import { assertPending, findPin, listToolChanges } from "../../db/queries/servers/pins.ts";
import { approveTool, rejectTool, type ShownPin } from "../../discovery/tool-approval.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { buildPage, idCursor, pageQuery, parseCursor } from "../http/cursors.ts";
import { staleError } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsPage } from "../http/responses.ts";
import { body, params, query } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";

const definition = z.record(z.string(), z.unknown());
const text = z.string().optional();

const shape = z.object({
  id: z.uuid(),
  serverId: z.uuid(),
  serverName: z.string(),
  tool: z.string(),
  state: z.enum(TOOL_STATES).nullable().describe("Null: visible and callable."),
  revision: z.number(),
  changedAt: z.iso.datetime().nullable(),
  decidedBy: z.string().nullable(),
  decidedAt: z.iso.datetime().nullable(),
  approved: definition.describe(
    "The approved definition: the first one discovered, or the one an admin approved.",
  ),
  offered: definition
    .nullable()
    .describe("The current definition of the server; null if it is the approved one."),
  differences: z.array(z.object({ path: z.string(), before: text, after: text })),
  findings: z.array(
    z.object({ rule: z.string(), severity: z.enum(SEVERITIES), place: z.string(), excerpt: z.string() }),
  ),
});

function shown({
  definition: approved,
  pendingDefinition: offered,
  hash: _,
  pendingHash: __,
  ...pin
}: ShownPin) {
  return {
    ...pin,
    approved,
    offered,
    differences: offered === null ? [] : diffJson(approved, offered),
    findings: offered === null ? [] : scanDefinition(offered),
  };
}

const asked = pageQuery.extend({ state: z.enum(TOOL_STATES).optional(), serverId: z.uuid().optional() });

/** The revision that was looked at: something newer is not decided along with it. */
const decision = z
  .strictObject({
    revision: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1),
  })
  .meta({ examples: [{ revision: 1 }] });

async function pinOf(c: ApiContext, id: string): Promise<ShownPin> {
  const [pin] = await findPin(c.get("db"), c.get("principal").tenantId, id);
  if (pin === undefined) throw new NotFoundError("Tool change not found.");
  return pin;
}

async function decide(c: ApiContext, id: string, revision: number, how: "approve" | "reject") {
  const { principal, db } = c.var;
  const before = await pinOf(c, id);
  if (before.revision !== revision) throw staleError();
  const { tool, serverId, state } = before;
  const what = {
    action: `tool-changes.${how}`,
    resource: { type: "tool", id: `${serverId}/${tool}` },
    before: { state, definition: before.definition },
    after:
      how === "approve"
        ? { definition: before.pendingDefinition ?? before.definition }
        : { state: "blocked" },
  };
  const by = { tenantId: principal.tenantId, userId: principal.userId ?? null };
  const pending = assertPending(db, { tenantId: by.tenantId, id, revision, by: by.userId });
  try {
    await commitWithAudit<unknown>(c, what, (audit) => {
      if (how === "reject") {
        const { pin, rest } = rejectTool(db, before, by);
        return db.batch([pending, pin, ...rest, audit]);
      }
      const { pin, rest } = approveTool(db, before, by);
      return db.batch([pending, pin, ...rest, audit]);
    });
  } catch (error) {
    throw isStaleWrite(error) ? staleError() : error;
  }
  return c.json(shown(await pinOf(c, id)));
}

export const toolChanges = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("tool-changes.list"),
    query(asked),
    respondsPage(shape, "Tools that are held or blocked after a change."),
    async (c) => {
      const { limit, cursor, state, serverId } = c.req.valid("query");
      const { principal, db } = c.var;
      const rows = await listToolChanges(db, principal.tenantId, {
        states: state === undefined ? TOOL_STATES : [state],
        serverId,
        after: parseCursor(idCursor, cursor)?.id,
        limit: limit + 1,
      });
      const page = buildPage(rows, limit, ({ id }) => ({ id }));
      return c.json({ ...page, items: page.items.map(shown) });
    },
  )
  .get(
    "/:id",
    requirePermission("tool-changes.list"),
    params(idParam),
    responds(shape, "The tool change."),
    async (c) => c.json(shown(await pinOf(c, c.req.valid("param").id))),
  )
  .post(
    "/:id/approve",
    requirePermission("tool-changes.decide"),
    params(idParam),
    body(decision),
    responds(shape, "The current definition is approved."),
    (c) => decide(c, c.req.valid("param").id, c.req.valid("json").revision, "approve"),
  )
  .post(
    "/:id/reject",
    requirePermission("tool-changes.decide"),
    params(idParam),
    body(decision),
    responds(shape, "The tool is blocked until it is approved."),
    (c) => decide(c, c.req.valid("param").id, c.req.valid("json").revision, "reject"),
  );
