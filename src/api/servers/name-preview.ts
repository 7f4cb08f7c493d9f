/** The tool names that clients would see if a server were registered, for a preview before saving. */
import { Hono } from "hono";
import { z } from "zod";
import { previewNames } from "../../core/mcp/name-changes.ts";
import { listAllToolNames } from "../../db/queries/servers/inventory.ts";
import { findTenant } from "../../db/queries/tenants/tenants.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { parseNaming } from "../../policy/naming-settings.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";

const request = z
  .strictObject({
    name: z.string().min(1).max(255),
    tools: z.array(z.string().min(1).max(255)).max(10_000),
  })
  .meta({ examples: [{ name: "weather", tools: ["forecast"] }] });

const shape = z
  .object({
    added: z.array(
      z.object({
        name: z.string(),
        exposed: z.string().nullable().describe("Null: another server's tool has the name."),
      }),
    ),
    renamed: z
      .array(z.object({ server: z.string(), from: z.string(), to: z.string() }))
      .describe("Tools of other servers whose name for clients would change."),
  })
  .meta({ id: "NamePreview" });

export const namePreview = new Hono<AppEnv>().post(
  "/",
  requirePermission("servers.probe"),
  body(request),
  responds(shape, "The names on the aggregated endpoint."),
  async (c) => {
    const { name, tools } = c.req.valid("json");
    const { db, principal } = c.var;
    const [present, [tenant]] = await db.batch([
      listAllToolNames(db, principal.tenantId),
      findTenant(db, principal.tenantId),
    ]);
    const others = present.filter(({ server }) => server !== name);
    const { added, renamed } = previewNames(
      others,
      { server: name, tools: [...new Set(tools)] },
      parseNaming(tenant?.settings ?? {}),
    );
    return c.json({
      added: added.map(({ exposed, ...tool }) => ({ ...tool, exposed: exposed ?? null })),
      renamed: [...renamed],
    });
  },
);
