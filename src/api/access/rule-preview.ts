/** Which calls of the last 24 hours an access rule that is not saved yet would match. */
import { Hono } from "hono";
import { z } from "zod";
import type { TargetKind } from "../../core/access/authorize.ts";
import { previewAccessRule } from "../../core/access/preview-rule.ts";
import { DAY_MS } from "../../core/durations.ts";
import { listGroupUsers } from "../../db/queries/identity/groups.ts";
import { listPastCalls, MAX_PREVIEWED_CALLS } from "../../db/queries/logs/past-calls.ts";
import { loadSnapshotTenant } from "../../db/queries/tenants/snapshot.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { newAccessRule } from "./schemas.ts";

const MAX_ITEMS = 20;

const shape = z
  .object({
    calls: z.number().int().describe("Calls of tools, prompts and resources that were evaluated."),
    isComplete: z.boolean().describe(`False: only the latest ${MAX_PREVIEWED_CALLS} calls were evaluated.`),
    matchedCalls: z.number().int(),
    matchedCallers: z.number().int().describe("Users, and API keys without owner."),
    items: z
      .array(
        z.object({
          kind: z.enum(["server", "tool", "prompt", "resource"]),
          serverName: z.string(),
          name: z.string(),
          calls: z.number().int(),
        }),
      )
      .describe(`The ${MAX_ITEMS} most called items that the rule matches.`),
  })
  .meta({ id: "AccessRulePreview" });

const KINDS: Readonly<Record<string, TargetKind>> = { "prompts/get": "prompt", "resources/read": "resource" };

export const accessRulePreview = new Hono<AppEnv>().post(
  "/preview",
  requirePermission("access.explain"),
  body(newAccessRule),
  responds(shape, "The calls of the last 24 hours that the rule matches. Toolset rules match no call."),
  async (c) => {
    const { db, principal } = c.var;
    const { tenantId } = principal;
    const { subject, ...rule } = c.req.valid("json");
    const groupId = subject.type === "group" ? subject.id : undefined;
    const [[tenant], rows, members] = await db.batch([
      loadSnapshotTenant(db, tenantId),
      listPastCalls(db, tenantId, new Date(Date.now() - DAY_MS)),
      listGroupUsers(db, tenantId, groupId),
    ]);
    const calls = rows.map(({ method, target, ...row }) => ({
      ...row,
      kind: KINDS[method] ?? ("tool" as const),
      name: target ?? "",
    }));
    const preview = previewAccessRule(
      { ...rule, id: "preview", subjectType: subject.type, subjectId: subject.id },
      calls,
      {
        timeZone: tenant?.timeZone ?? "UTC",
        groupMembers: new Set(members.map(({ userId }) => userId)),
      },
    );
    return c.json({
      ...preview,
      isComplete: preview.calls < MAX_PREVIEWED_CALLS,
      items: preview.items.slice(0, MAX_ITEMS),
    });
  },
);
