/**
 * The one way of changing what a tenant has configured: the change and its record are committed together, and then
 * the tenant's epoch is raised, so that no isolate goes on by what was.
 */
import { redactSecrets } from "../core/redact-secrets.ts";
import type { Db } from "../db/client.ts";
import { recordAudit } from "../db/queries/logs/security.ts";
import type { Principal } from "../identity/principal.ts";
import type { TenantEpochs } from "./epoch.ts";

export interface AuditedWrite {
  /** As in the table of actions. */
  readonly action: string;
  readonly resource: { readonly type: string; readonly id: string };
  readonly before?: object | undefined;
  readonly after?: object | undefined;
  readonly details?: object | undefined;
  /** Whose configuration changes, where it is not the principal's tenant (operators). */
  readonly tenantId?: string;
  /** It holds for all tenants. */
  readonly isSystem?: boolean;
}

/** The part of Hono's context behind middleware/require-permission that a commit reads. */
export interface CommitContext {
  readonly var: {
    readonly requestId: string;
    readonly services: { readonly epochs: TenantEpochs };
    readonly principal: Principal;
    readonly db: Db;
  };
  readonly req: { header(name: string): string | undefined };
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void };
}

export type AuditStatement = ReturnType<typeof recordAudit>;

/** `commit` puts the audit statement into the same batch as its own. */
export async function commitWithAudit<R>(
  c: CommitContext,
  what: AuditedWrite,
  commit: (audit: AuditStatement) => Promise<R>,
): Promise<R> {
  const committed = await commit(toAuditEntry(c, what));
  const tenantId = what.tenantId ?? c.var.principal.tenantId;
  const background = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  await c.var.services.epochs.bump(tenantId, background);
  if (what.isSystem === true) await c.var.services.epochs.bumpAll(background);
  return committed;
}

/** Many changes that are one: committed together, each with its record. */
export async function commitAllWithAudit<R>(
  c: CommitContext,
  all: readonly AuditedWrite[],
  commit: (audits: AuditStatement[]) => Promise<R>,
): Promise<R> {
  const committed = await commit(all.map((what) => toAuditEntry(c, what)));
  const background = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  await c.var.services.epochs.bump(c.var.principal.tenantId, background);
  return committed;
}

/** Records an action that changes no configuration. */
export async function writeAuditEntry(c: CommitContext, what: AuditedWrite): Promise<void> {
  await toAuditEntry(c, what);
}

/** Records a change that was refused or failed, with the reason that the caller was given. */
export async function auditRejectedWrite(
  c: CommitContext,
  what: Pick<AuditedWrite, "action" | "details"> & {
    readonly resource: { type: string; id: string | undefined };
  },
  reason: string,
): Promise<void> {
  await toAuditEntry(c, what, reason);
}

type AuditedChange = Omit<AuditedWrite, "resource"> & {
  readonly resource: { readonly type: string; readonly id: string | undefined };
};

/** `reason`: why nothing was changed; undefined where it was. */
function toAuditEntry(c: CommitContext, what: AuditedChange, reason?: string): AuditStatement {
  const { principal, requestId, db } = c.var;
  return recordAudit(db, {
    tenantId: what.tenantId ?? principal.tenantId,
    userId: principal.userId,
    apiKeyId: principal.apiKeyId,
    sessionId: principal.sessionId,
    impersonatorId: principal.impersonatorId,
    action: what.action,
    resourceType: what.resource.type,
    resourceId: what.resource.id,
    success: reason === undefined,
    errorMessage: reason,
    ipAddress: c.req.header("cf-connecting-ip"),
    userAgent: c.req.header("user-agent")?.slice(0, 500),
    requestId,
    before: redactSecrets(what.before),
    after: redactSecrets(what.after),
    details: redactSecrets({ ...what.details, via: principal.via }),
  });
}
