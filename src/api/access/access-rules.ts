/** Rules on who may use what, when: written by admins, in force within a second. */
import { Hono } from "hono";
import { InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Db } from "../../db/client.ts";
import { isStaleWrite } from "../../db/errors.ts";
import {
  deleteAccessRule,
  findAccessRule,
  findAnyKey,
  findServerForRule,
  insertAccessRule,
  type NewAccessRule,
  updateAccessRule,
} from "../../db/queries/access/access-rules.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import { assertGroupExists, findGroup } from "../../db/queries/identity/groups.ts";
import { assertUnchanged } from "../../db/queries/shared/crud.ts";
import { serverAccessControls } from "../../db/schema/access.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { conflictIfChanged, requireIfMatch, requireMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";
import { defineReadOnlyResource } from "../resource/define.ts";
import { reading } from "../resource/reading.ts";
import { controlShape } from "../resource/row-shapes.ts";
import type { ApiContext } from "../resource/scope.ts";
import { accessRuleChange, findRuleFault, newAccessRule } from "./schemas.ts";

/** The version that If-Match is compared with. */
const CHANGEABLE = Object.keys(controlShape.shape).filter(
  (name) => !["id", "createdBy", "createdAt", "updatedAt"].includes(name),
);

const shown = defineReadOnlyResource({
  noun: "access rule",
  table: serverAccessControls,
  sorts: ["subjectType", "objectPattern", "effect", "createdAt", "updatedAt"],
  usual: "createdAt",
  filters: ["subjectType", "subjectId", "objectType", "serverId", "effect", "isActive"],
  searched: ["objectPattern", "reason"],
  changeable: CHANGEABLE,
});

export const accessControls = new Hono<AppEnv>()
  .route("/", reading(shown, { list: "access.list", read: "access.read" }))
  .post(
    "/",
    requirePermission("access.create"),
    idempotent,
    body(newAccessRule),
    responds(controlShape, "The created rule.", 201),
    async (c) => {
      const { principal, db } = c.var;
      const { subject, ...wanted } = c.req.valid("json");
      refuseFaults(wanted);
      await refuseStrangers(c, subject, wanted.serverId);
      const values = {
        ...wanted,
        id: uuidv7(),
        tenantId: principal.tenantId,
        subjectType: subject.type,
        subjectId: subject.id,
        createdBy: principal.userId,
      } satisfies NewAccessRule;
      const what = { action: "access.create", resource: resource(values.id), after: values };
      const [[control]] = await unlessGroupGone(
        commitWithAudit(c, what, (audit) =>
          db.batch([insertAccessRule(db, values), ...keepSubject(db, values), audit]),
        ),
      );
      if (control === undefined) throw new Error("a rule that was just written is not there");
      await setEtag(c, control, CHANGEABLE);
      c.header("location", `${c.req.path}/${control.id}`);
      return c.json(control, 201);
    },
  )
  .patch(
    "/:id",
    requirePermission("access.update"),
    params(idParam),
    requireIfMatch,
    body(accessRuleChange),
    responds(controlShape, "The updated rule."),
    async (c) => {
      const { principal, db } = c.var;
      const before = await controlOf(c, c.req.valid("param").id);
      await requireMatch(c, before, CHANGEABLE);
      const { subject, ...rest } = c.req.valid("json");
      const wanted = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      const values = {
        ...wanted,
        ...(subject !== undefined && { subjectType: subject.type, subjectId: subject.id }),
      };
      const after = { ...before, ...values };
      refuseFaults(after);
      await refuseStrangers(c, subject, rest.serverId ?? null);
      const what = { action: "access.update", resource: resource(before.id), before, after };
      const [, [control = before]] = await conflictIfChanged(
        commitWithAudit(c, what, (audit) =>
          db.batch([
            assertUnchanged(db, serverAccessControls, before.id, before.updatedAt),
            updateAccessRule(db, principal.tenantId, before.id, values),
            ...keepSubject(db, { ...after, tenantId: principal.tenantId }),
            audit,
          ]),
        ),
      );
      await setEtag(c, control, CHANGEABLE);
      return c.json(control);
    },
  )
  .delete(
    "/:id",
    requirePermission("access.delete"),
    params(idParam),
    respondsEmpty("Deleted."),
    async (c) => {
      const { principal, db } = c.var;
      const before = await controlOf(c, c.req.valid("param").id);
      const what = { action: "access.delete", resource: resource(before.id), before };
      await commitWithAudit(c, what, (audit) =>
        db.batch([deleteAccessRule(db, principal.tenantId, before.id), audit]),
      );
      return c.body(null, 204);
    },
  );

const resource = (id: string) => ({ type: "access_control", id });

async function controlOf(c: ApiContext, id: string) {
  const [control] = await findAccessRule(c.get("db"), c.get("principal").tenantId, id);
  if (control === undefined) throw new NotFoundError("Access rule not found.");
  return control;
}

function refuseFaults(rule: Parameters<typeof findRuleFault>[0]): void {
  const fault = findRuleFault(rule);
  if (fault !== undefined) throw new InvalidInputError([fault]);
}

/** For the batch that writes a rule: its group stays until the batch is through. */
export const keepSubject = (
  db: Db,
  { tenantId, subjectType, subjectId }: Pick<NewAccessRule, "tenantId" | "subjectType" | "subjectId">,
) => (subjectType === "group" ? [assertGroupExists(db, tenantId, subjectId)] : []);

async function unlessGroupGone<R>(work: Promise<R>): Promise<R> {
  try {
    return await work;
  } catch (error) {
    if (!isStaleWrite(error)) throw error;
    throw new NotFoundError("Group not found.");
  }
}

/** The objects of a rule must be in the same tenant; others are not found. */
async function refuseStrangers(
  c: ApiContext,
  subject: { type: string; id: string } | undefined,
  serverId: string | null,
): Promise<void> {
  const { principal, db } = c.var;
  const { tenantId } = principal;
  const is = async (rows: PromiseLike<readonly unknown[]>) => (await rows).length > 0;
  if (serverId !== null && !(await is(findServerForRule(db, tenantId, serverId)))) {
    throw new NotFoundError("Server not found.");
  }
  if (subject?.type === "user" && !(await is(findMemberRole(db, tenantId, subject.id)))) {
    throw new NotFoundError("Member not found.");
  }
  if (subject?.type === "key" && !(await is(findAnyKey(db, tenantId, subject.id)))) {
    throw new NotFoundError("API key not found.");
  }
  if (subject?.type === "group" && !(await is(findGroup(db, tenantId, subject.id)))) {
    throw new NotFoundError("Group not found.");
  }
}
