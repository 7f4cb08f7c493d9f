/**
 * The one way of changing what a tenant has configured: the change and its record are committed together, and then
 * the tenant's epoch is raised, so that no isolate goes on by what was.
 */
import { withoutSecrets } from "../core/redact.ts";
import { recordAudit } from "../db/queries/security.ts";
import type { Guarded, Unguarded } from "./guard.ts";

export interface Change {
  /** As in the table of actions. */
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly before?: object | undefined;
  readonly after?: object | undefined;
  readonly details?: object | undefined;
  /** Whose configuration changes, where it is not the principal's tenant (operators). */
  readonly tenantId?: string;
}

/** What it takes of Hono's context behind a guard. */
export interface ChangeScene {
  readonly var: Pick<Unguarded["Variables"], "requestId" | "services"> & Guarded["Variables"];
  readonly req: { header(name: string): string | undefined };
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void };
}

export type AuditStatement = ReturnType<typeof recordAudit>;

/** `commit` puts the audit statement into the same batch as its own. */
export async function change<R>(
  c: ChangeScene,
  what: Change,
  commit: (audit: AuditStatement) => Promise<R>,
): Promise<R> {
  const { principal, services, requestId, db } = c.var;
  const tenantId = what.tenantId ?? principal.tenantId;
  const audit = recordAudit(db, {
    tenantId,
    userId: principal.userId,
    apiKeyId: principal.apiKeyId,
    sessionId: principal.sessionId,
    impersonatorId: principal.impersonatorId,
    action: what.action,
    resourceType: what.resource.type,
    resourceId: what.resource.id,
    success: true,
    ipAddress: c.req.header("cf-connecting-ip"),
    userAgent: c.req.header("user-agent")?.slice(0, 500),
    requestId,
    before: withoutSecrets(what.before),
    after: withoutSecrets(what.after),
    details: withoutSecrets({ ...what.details, via: principal.via }),
  });
  const committed = await commit(audit);
  await services.epochs.raise(tenantId, (work) => c.executionCtx.waitUntil(work));
  return committed;
}
