/** Capability discovery at once: on request, and after registration. */
import { Hono } from "hono";
import { z } from "zod";
import { NotFoundError, toGatewayError } from "../../core/errors.ts";
import { discover } from "../../discovery/discover.ts";
import { logFailure } from "../../logs/log-failure.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { writeAuditEntry } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { responds } from "../http/responses.ts";
import { params } from "../http/validate.ts";
import type { ApiContext } from "../resource/scope.ts";

const names = z.array(z.string());
const discovered = z.object({
  discovered: z.literal(true),
  added: names,
  removed: names,
  changed: names.describe("Tools whose definition differs from the approved version."),
  withheld: names.describe("Tools hidden until approved."),
  findings: z.number().describe("Raised security events."),
});
const failed = z.object({ discovered: z.literal(false), code: z.string(), message: z.string() });

export const discovery = new Hono<AppEnv>().post(
  "/:id/discover",
  requirePermission("servers.discover"),
  params(idParam),
  responds(z.union([discovered, failed]), "Changes in the inventory, or the discovery error."),
  async (c) => {
    const { id: serverId } = c.req.valid("param");
    const { services, principal } = c.var;
    const found = await discover(services.registry, { tenantId: principal.tenantId, serverId });
    if (found.kind === "absent" || found.kind === "known")
      throw new NotFoundError("Server not found, or disabled.");
    await writeAuditEntry(c, { action: "servers.discover", resource: { type: "server", id: serverId } });
    if (found.kind === "failed") {
      return c.json({ discovered: false as const, code: found.error.code, message: found.error.message });
    }
    const { added, removed, findings } = found.kept;
    const [changed, withheld] = [namesOf(found.kept.changed), namesOf(found.kept.withheld)];
    return c.json({ discovered: true as const, added, removed, changed, withheld, findings });
  },
);

const namesOf = (tools: Iterable<string | { readonly name: string }>) =>
  Array.from(tools, (tool) => (typeof tool === "string" ? tool : tool.name));

/** Runs after the response; a failure is logged. */
export function discoverLater(c: ApiContext, serverId: string): void {
  const { services, principal } = c.var;
  const work = discover(services.registry, { tenantId: principal.tenantId, serverId });
  const lost = (error: unknown) => logFailure(toGatewayError(error), { work: "discover", serverId });
  c.executionCtx.waitUntil(work.catch(lost));
}
