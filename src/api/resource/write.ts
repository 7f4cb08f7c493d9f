/** Creates, updates and deletes a resource: validated as a whole, audited, and never over a concurrent change. */
import { z } from "zod";
import { ForbiddenError, GatewayError, InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Db } from "../../db/client.ts";
import { isReferenced, isStaleWrite } from "../../db/errors.ts";
import {
  assertUnchanged,
  type CrudRow,
  deleteRow,
  insertRow,
  updateRow,
} from "../../db/queries/shared/crud.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireMatch, staleError } from "../http/etag.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import { mapDatabaseErrors } from "./database-errors.ts";
import type { Resource } from "./define.ts";
import { requireRow } from "./reading.ts";
import type { ApiContext, ResourceScope } from "./scope.ts";

const ATTEMPTS = 3;

const identity = z.object({ tenantId: z.string().nullable(), updatedAt: z.date() });

export async function createResource(
  c: ApiContext,
  kind: Resource,
  reach: ResourceScope,
  input: CrudRow,
): Promise<CrudRow> {
  const db = reach.db(c);
  const id = uuidv7();
  const wanted = {
    ...omitUndefined(input),
    id,
    tenantId: reach.owner(c),
    ...actorColumns(c, kind, ["createdBy", "updatedBy"]),
  };
  await rejectFaults(c, kind, reach, wanted);
  const values = await prepared(c, kind, wanted, undefined);
  const { isSystem } = reach;
  const action = reach.action(kind.name, "create");
  const what = { action, resource: auditResource(kind, id), after: values, isSystem };
  try {
    const [[made]] = await mapDatabaseErrors(kind.noun, () =>
      commitWithAudit(c, what, (audit) =>
        db.batch([insertRow(db, kind.table, kind.columns, values), ...alongside(c, kind, db, values), audit]),
      ),
    );
    return made ?? values;
  } catch (error) {
    if (!isStaleWrite(error)) throw error;
    throw new NotFoundError("A referenced resource was deleted during this request.");
  }
}

/** `If-Match` is checked on each attempt, so a concurrent change is detected. */
export async function updateResource(
  c: ApiContext,
  kind: Resource,
  reach: ResourceScope,
  id: string,
  input: CrudRow,
): Promise<CrudRow> {
  const db = reach.db(c);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await own(c, kind, reach, id);
    await requireMatch(c, before, kind.changeable);
    const wanted = { ...omitUndefined(input), ...actorColumns(c, kind, ["updatedBy"]) };
    await rejectFaults(c, kind, reach, { ...before, ...wanted });
    const values = await prepared(c, kind, wanted, before);
    const after = { ...before, ...values };
    const { isSystem } = reach;
    const action = reach.action(kind.name, "update");
    const what = { action, resource: auditResource(kind, id), before, after, isSystem };
    const { tenantId: owner, updatedAt } = identity.parse(before);
    try {
      const [, [row]] = await mapDatabaseErrors(kind.noun, () =>
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertUnchanged(db, kind.table, id, updatedAt),
            updateRow(db, kind.table, kind.columns, { owner, id }, values),
            ...alongside(c, kind, db, after),
            audit,
          ]),
        ),
      );
      return row ?? after;
    } catch (error) {
      if (!isStaleWrite(error)) throw error;
    }
  }
  throw staleError();
}

export async function deleteResource(
  c: ApiContext,
  kind: Resource,
  reach: ResourceScope,
  id: string,
): Promise<void> {
  const db = reach.db(c);
  const before = await own(c, kind, reach, id);
  kind.hooks.assertDeletable?.(before);
  const { isSystem } = reach;
  const what = {
    action: reach.action(kind.name, "delete"),
    resource: auditResource(kind, id),
    before,
    isSystem,
  };
  const { use } = kind.hooks;
  const owner = reach.owner(c);
  const guard = owner === null ? undefined : use?.assertUnused?.(db, owner, id);
  const guards = guard === undefined ? [] : [guard];
  try {
    await commitWithAudit<unknown>(c, what, (audit) =>
      db.batch([deleteRow(db, kind.table, owner, id), ...guards, audit]),
    );
  } catch (error) {
    if (use === undefined || !(isStaleWrite(error) || isReferenced(error))) throw error;
    throw new GatewayError("conflict", `The ${kind.noun} is in use. ${use.advice}`);
  }
  await kind.hooks.removed?.(c, before, reach.owner(c));
}

/** What holds for the whole system, a tenant sees and leaves alone. */
async function own(c: ApiContext, kind: Resource, reach: ResourceScope, id: string): Promise<CrudRow> {
  const row = await requireRow(c, kind, reach, id);
  if (identity.parse(row).tenantId === reach.owner(c)) return row;
  throw new ForbiddenError(`This ${kind.noun} is system-wide and requires operator privileges.`);
}

const prepared = async (c: ApiContext, { hooks }: Resource, values: CrudRow, before: CrudRow | undefined) =>
  hooks.prepare === undefined ? values : hooks.prepare(c, values, before);

const alongside = (c: ApiContext, { hooks }: Resource, db: Db, row: CrudRow) =>
  hooks.alongside?.(c, db, row) ?? [];

const auditResource = ({ noun }: Resource, id: string) => ({ type: noun.replaceAll(" ", "_"), id });

function actorColumns(c: ApiContext, { table }: Resource, names: readonly string[]): CrudRow {
  const { userId } = c.get("principal");
  return Object.fromEntries(names.filter((name) => name in table).map((name) => [name, userId ?? null]));
}

async function rejectFaults(
  c: ApiContext,
  kind: Resource,
  reach: ResourceScope,
  row: CrudRow,
): Promise<void> {
  const checked = kind.whole?.safeParse(row);
  const faults =
    checked?.error?.issues.map(({ path, message }) => ({
      path: `/${path.map(String).join("/")}`,
      message,
    })) ?? [];
  if (faults.length === 0 && kind.faults !== undefined) {
    faults.push(...(await kind.faults({ db: reach.db(c), owner: reach.owner(c) }, row)));
  }
  if (faults.length > 0) throw new InvalidInputError(faults);
}
