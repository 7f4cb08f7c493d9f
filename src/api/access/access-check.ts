/** The access check: evaluates the same decision as a call, and explains it. */
import { Hono } from "hono";
import { z } from "zod";
import type { AccessPrincipal } from "../../core/access/access-principal.ts";
import { type AccessTarget, authorize } from "../../core/access/authorize.ts";
import { explainDecision as explained } from "../../core/access/explain.ts";
import { isPermission, type Permission } from "../../core/access/permissions.ts";
import { evaluatePermission } from "../../core/access/rbac.ts";
import { type AccessDefault, activeRules, compileRules } from "../../core/access/rules.ts";
import { NotFoundError } from "../../core/errors.ts";
import { findServerForRule, findToolForRule } from "../../db/queries/access/access-rules.ts";
import { loadSnapshotAccessRules, loadSnapshotTenant } from "../../db/queries/tenants/snapshot.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { parseTenantSettings } from "../../policy/tenant-settings.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { explanationShape } from "../resource/row-shapes.ts";
import type { ApiContext } from "../resource/scope.ts";
import { principalSchema, resolvePrincipal } from "./principals.ts";

const question = z.strictObject({
  principal: principalSchema,
  /** Something that the gateway itself does, or … */
  action: z.string().refine(isPermission, "must be a permission name").optional(),
  /** … the use of something that a server offers. */
  use: z
    .strictObject({
      kind: z.enum(["server", "tool", "prompt", "resource"]),
      serverId: z.uuid(),
      name: z.string().max(2000).default(""),
    })
    .optional(),
  at: z.iso.datetime({ offset: true }).optional(),
});

export const access = new Hono<AppEnv>().post(
  "/explain",
  requirePermission("access.explain"),
  body(
    question
      .refine(
        ({ action, use }) => (action === undefined) !== (use === undefined),
        "Provide either action or use.",
      )
      .meta({ examples: [{ principal: { role: "user" }, action: "keys.create" }] }),
  ),
  responds(explanationShape, "The decision and its reason."),
  async (c) => {
    const { principal: named, action, use, at } = c.req.valid("json");
    const now = at === undefined ? new Date() : new Date(at);
    const { caller, lapsed } = await resolvePrincipal(c, named, now);
    if (lapsed !== undefined) {
      return c.json({
        allowed: false,
        decidedBy: "credential" as const,
        reason: lapsed,
        rule: null,
        at: now,
      });
    }
    if (use === undefined) return c.json({ ...ofAction(caller, action), at: now });
    const { target, rules } = await situationOf(c, use);
    return c.json({
      ...explained(authorize(caller, ACTION_OF[use.kind], target, activeRules(rules, caller, now))),
      at: now,
    });
  },
);

const ACTION_OF: Record<AccessTarget["kind"], Permission> = {
  server: "mcp.connect",
  tool: "mcp.call",
  prompt: "mcp.read",
  resource: "mcp.read",
};

function ofAction(caller: AccessPrincipal, action: Permission | undefined) {
  const decision = evaluatePermission(caller, action ?? "me.read");
  if (!decision.allowed) return explained({ allowed: false, reason: decision.missing });
  return { allowed: true, decidedBy: "role" as const, reason: "Role and scopes are sufficient.", rule: null };
}

async function situationOf(
  c: ApiContext,
  use: { kind: AccessTarget["kind"]; serverId: string; name: string },
) {
  const { tenantId } = c.get("principal");
  const db = c.get("db");
  const [[tenant], [server], [tool], controls] = await db.batch([
    loadSnapshotTenant(db, tenantId),
    findServerForRule(db, tenantId, use.serverId),
    findToolForRule(db, tenantId, use.serverId, use.name),
    loadSnapshotAccessRules(db, tenantId),
  ]);
  if (server === undefined || tenant === undefined) throw new NotFoundError("Server not found.");
  const accessDefault: AccessDefault = parseTenantSettings(tenant.settings).accessDefault;
  const target: AccessTarget = {
    kind: use.kind,
    serverId: server.id,
    serverName: server.name,
    name: use.kind === "server" ? server.name : use.name,
    readOnly: tool?.annotations?.readOnlyHint === true,
  };
  return { target, rules: compileRules(controls, { accessDefault, timeZone: tenant.timeZone }) };
}
