/** Budgets of cost: read by core/limits/budgets.ts. */
import { z } from "zod";
import { BUDGET_PERIODS, BUDGET_SUBJECTS } from "../../core/enums.ts";
import { isUuid } from "../../core/ids.ts";
import { findAnyKey } from "../../db/queries/access/access-rules.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import { assertGroupExists, findGroup } from "../../db/queries/identity/groups.ts";
import { budgets as table } from "../../db/schema/budgets.ts";
import { defineResource } from "../resource/define.ts";

const MAX_AMOUNT = 1_000_000_000_000;
const MAX_THRESHOLDS = 10;

const subject = z.object({ subjectType: z.enum(BUDGET_SUBJECTS), subjectId: z.string().nullish() });

const thresholds = z
  .array(z.number().int().min(1).max(100))
  .max(MAX_THRESHOLDS)
  .refine((values) => new Set(values).size === values.length, "must not contain a value twice")
  .describe(
    "Percentages of the amount; reaching one is recorded, and is the metric `budget_used` of alert rules.",
  );

export const budgets = defineResource({
  name: "budgets",
  noun: "budget",
  table,
  fields: {
    name: z.string().trim().min(1).max(200),
    subjectType: z.enum(BUDGET_SUBJECTS),
    /** A user, a key or a group, whose members share the budget. Null: each of the kind, or the organization. */
    subjectId: z.string().min(1).max(200).nullable(),
    period: z.enum(BUDGET_PERIODS).describe("A calendar day or month in the organization's time zone."),
    amount: z
      .number()
      .int()
      .min(0)
      .max(MAX_AMOUNT)
      .describe("Total cost of the calls in one period; a call that costs more than the rest is rejected."),
    alertThresholds: thresholds,
    isActive: z.boolean(),
  },
  fixed: ["subjectType", "subjectId", "period"],
  sorts: ["name", "subjectType", "period", "amount", "createdAt", "updatedAt"],
  usual: "name",
  filters: ["subjectType", "subjectId", "period", "isActive"],
  searched: ["name"],
  whole: subject.refine(({ subjectType, subjectId }) => subjectType !== "tenant" || subjectId == null, {
    path: ["subjectId"],
    message: "is allowed only for users, keys and groups",
  }),
  async faults({ db, owner, coming }, row) {
    const { subjectType, subjectId } = subject.parse(row);
    if (owner === null || subjectId == null || subjectType === "tenant") return [];
    const isKnown = {
      user: async () => (await findMemberRole(db, owner, subjectId)).length > 0,
      key: async () => isUuid(subjectId) && (await findAnyKey(db, owner, subjectId)).length > 0,
      group: async () => isUuid(subjectId) && (await findGroup(db, owner, subjectId)).length > 0,
    }[subjectType];
    if (coming?.has(subjectId) === true || (await isKnown())) return [];
    const noun = { user: "member", key: "API key", group: "group" }[subjectType];
    return [{ path: "/subjectId", message: `unknown ${noun}` }];
  },
  hooks: {
    /** The group stays until the batch is through. */
    alongside({ var: { principal } }, db, row) {
      const { subjectType, subjectId } = subject.parse(row);
      return subjectType === "group" && subjectId != null
        ? [assertGroupExists(db, principal.tenantId, subjectId)]
        : [];
    },
  },
  example: { name: "Monthly total", subjectType: "tenant", period: "month", amount: 100_000 },
});
