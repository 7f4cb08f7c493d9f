/**
 * Applies a plan in one transaction with an audit entry per change, or nothing if the configuration has changed since.
 */

import { GatewayError } from "../../core/errors.ts";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import { isStaleWrite } from "../../db/errors.ts";
import {
  assertUnchanged,
  type CrudRow,
  deleteRow,
  insertRow,
  updateRow,
} from "../../db/queries/shared/crud.ts";
import { updateTenant } from "../../db/queries/tenants/tenants.ts";
import { type AuditedWrite, commitAllWithAudit } from "../../policy/commit-with-audit.ts";
import { mapDatabaseErrors } from "../resource/database-errors.ts";
import type { Statement } from "../resource/define.ts";
import type { ApiContext } from "../resource/scope.ts";
import type { Plan } from "./plan.ts";
import type { PlanStep } from "./plan-step.ts";

const MAX_CHANGES = 5000;

export async function applyPlan(c: ApiContext, plan: Plan): Promise<number> {
  const { steps, tenant, changes } = plan;
  if (changes.length === 0) return 0;
  if (changes.length > MAX_CHANGES) {
    throw new GatewayError(
      "conflict",
      `The plan has ${changes.length} changes; the maximum is ${MAX_CHANGES}.`,
    );
  }
  const { db, principal } = c.var;
  const { tenantId } = principal;
  const prepared: PlanStep[] = [];
  for (const step of steps) prepared.push({ ...step, values: await changedValues(c, step) });
  // Rules are deleted before their servers, and created after them.
  const removals = prepared.filter(({ change }) => change.action === "delete").toReversed();
  const others = prepared.filter(({ change }) => change.action !== "delete");
  const statements: Statement[] = [
    ...prepared.flatMap(({ section, id, before }) =>
      before?.updatedAt instanceof Date ? [assertUnchanged(db, section.table, id, before.updatedAt)] : [],
    ),
    ...removals.map(({ section, id }) => deleteRow(db, section.table, tenantId, id)),
    ...others.flatMap((step) => listStatements(c, step)),
    ...removals.flatMap(({ section, id }) => section.hooks.use?.assertUnused?.(db, tenantId, id) ?? []),
    ...(tenant === undefined ? [] : [updateTenant(db, tenantId, tenant)]),
  ];
  const [first, ...rest] = statements;
  if (first === undefined) return 0;
  try {
    await mapDatabaseErrors("thing", () =>
      commitAllWithAudit(c, [...prepared.map(toAuditedWrite), ...tenantRecord(c, plan)], (audits) =>
        db.batch([first, ...rest, ...audits]),
      ),
    );
  } catch (error) {
    if (!isStaleWrite(error)) throw error;
    throw new GatewayError("conflict", "The configuration changed during this request. Create a new plan.");
  }
  return changes.length;
}

/** Columns only, and of a change only what changes. */
async function changedValues(
  c: ApiContext,
  { section, change, id, values, before }: PlanStep,
): Promise<CrudRow> {
  if (change.action === "delete") return {};
  const { tenantId, userId } = c.var.principal;
  const columns = Object.fromEntries(
    Object.entries(values).filter(([name]) => name in section.columns && name !== "id"),
  );
  const by = Object.fromEntries(
    ["createdBy", "updatedBy"]
      .filter((name) => name in section.columns)
      .map((name) => [name, userId ?? null]),
  );
  const wanted = before === undefined ? { ...columns, ...by, id, tenantId } : changed(columns, before);
  return section.hooks.prepare === undefined ? wanted : section.hooks.prepare(c, wanted, before);
}

function changed(values: CrudRow, before: CrudRow): CrudRow {
  const plain = (value: unknown) => canonicalJson(JSON.parse(JSON.stringify(value ?? null)));
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => plain(value) !== plain(before[name])),
  );
}

function listStatements(c: ApiContext, { section, id, values, before }: PlanStep): Statement[] {
  const { db, principal } = c.var;
  const { table, columns, hooks } = section;
  const after = { ...before, ...values };
  const more = hooks.alongside?.(c, db, after) ?? [];
  if (before === undefined) return [insertRow(db, table, columns, values), ...more];
  if (Object.keys(values).length === 0) return [];
  return [updateRow(db, table, columns, { owner: principal.tenantId, id }, values), ...more];
}

function toAuditedWrite({ section, change, id, values, before }: PlanStep): AuditedWrite {
  return {
    action: `${section.action}.${change.action}`,
    resource: { type: section.noun.replaceAll(" ", "_"), id },
    before,
    ...(change.action !== "delete" && { after: { ...before, ...values } }),
    details: { by: "configuration" },
  };
}

function tenantRecord(c: ApiContext, { tenant, changes }: Plan): AuditedWrite[] {
  if (tenant === undefined) return [];
  const change = changes.find(({ section }) => section === "tenant");
  const resource = { type: "tenant", id: c.var.principal.tenantId };
  return [
    {
      action: "tenant.update",
      resource,
      before: change?.before,
      after: change?.after,
      details: { by: "configuration" },
    },
  ];
}
