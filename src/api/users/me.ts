/** Who the gateway takes the caller for. */
import { Hono } from "hono";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { meShape } from "../resource/row-shapes.ts";

export const me = new Hono<AppEnv>().get(
  "/",
  requirePermission("me.read"),
  responds(meShape, "The caller."),
  (c) => {
    const { tenantId, userId, apiKeyId, role, scopes, via, impersonatorId } = c.get("principal");
    const ids = {
      userId: userId ?? null,
      apiKeyId: apiKeyId ?? null,
      impersonatorId: impersonatorId ?? null,
    };
    return c.json({ tenantId, ...ids, role, scopes, via });
  },
);
