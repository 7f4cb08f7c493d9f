/** The pages of budgets: what calls may cost in a day or month, and what has been spent. */
import { Hono } from "hono";
import { z } from "zod";
import { BUDGET_PERIODS, BUDGET_SUBJECTS } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import type { Option } from "../forms/fields.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { loadSubjectNames, parseSubject, subjectOptions } from "../lookups/choices.ts";
import { Badge, Empty, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { EACH_SUBJECT, subjectLabel } from "./limited-subjects.ts";

const PATH = "/admin/rate-limits/budgets";

const shape = z.object({
  id: z.string(),
  name: z.string(),
  subjectType: z.enum(BUDGET_SUBJECTS),
  subjectId: z.string().nullable(),
  period: z.enum(BUDGET_PERIODS),
  amount: z.number(),
  isActive: z.boolean(),
  subjectName: z.string().optional(),
});
type Budget = z.infer<typeof shape>;

const counted = (count: number) => count.toLocaleString("en");

async function budgetedSubjects(rest: ApiClient): Promise<readonly Option[]> {
  const each = BUDGET_SUBJECTS.map((type) => ({ value: type, label: EACH_SUBJECT[type] }));
  const subjects = await subjectOptions(rest);
  return [...each, ...subjects.filter(({ value }) => !value.startsWith("role:"))];
}

const budgetPages = crudPages<Budget>({
  name: "budgets",
  path: PATH,
  title: "Budgets",
  noun: "budget",
  intro:
    "How much tool calls may cost in a calendar day or month. The cost of a call is a setting of its tool or server, or declared by the tool.",
  empty: "Limit what the calls of the organization, a user, a group or an API key cost.",
  beside: () => (
    <LinkButton to={`${PATH}/usage`} kind="quiet">
      Budget usage
    </LinkButton>
  ),
  list: {
    shape,
    usual: "name",
    search: "Name",
    filters: [
      { name: "subjectType", label: "Subject", kind: "choice", options: optionsFrom(BUDGET_SUBJECTS) },
      { name: "period", label: "Period", kind: "choice", options: optionsFrom(BUDGET_PERIODS) },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    async complete(rest, rows) {
      const nameOf = await loadSubjectNames(rest, rows);
      return rows.map((row) => ({ ...row, subjectName: nameOf(row) }));
    },
    columns: [
      { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
      { name: "subjectType", label: "Subject", sorts: true, show: subjectLabel, plain: subjectLabel },
      { name: "period", label: "Period", sorts: true, show: ({ period }) => period },
      { name: "amount", label: "Amount", sorts: true, number: true, show: ({ amount }) => counted(amount) },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 200 },
    {
      name: "subjectId",
      label: "Subject",
      kind: "choice",
      options: budgetedSubjects,
      fixed: true,
      hint: "The members of a group share its budget. A budget of one subject replaces the one for each of its kind.",
      initial: "tenant",
    },
    {
      name: "period",
      label: "Period",
      kind: "choice",
      options: optionsFrom(BUDGET_PERIODS),
      fixed: true,
      initial: "month",
      hint: "A calendar day or month in the organization's time zone.",
    },
    {
      name: "amount",
      label: "Amount",
      kind: "number",
      min: 0,
      max: 1_000_000_000_000,
      step: 1,
      hint: "Total cost in one period. A call that costs more than the rest is rejected. 0 rejects every call with a cost.",
    },
    {
      name: "alertThresholds",
      label: "Alert thresholds (%)",
      kind: "lines",
      optional: true,
      initial: "50\n80\n100",
      hint: "One per line. Reaching one is a system event; alert rules on the metric of budgets notify.",
      read: Number,
    },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ name }) => name,
  toForm: ({ subjectType, subjectId, ...row }) => ({
    ...row,
    subjectId: subjectId === null ? subjectType : `${subjectType}:${subjectId}`,
  }),
  fromForm: ({ subjectId, ...body }) => {
    if (typeof subjectId !== "string") return body;
    const { type, id } = parseSubject(subjectId);
    return { ...body, subjectType: type, subjectId: id === "" ? null : id };
  },
});

const usageShape = z.object({
  budgetId: z.string(),
  name: z.string(),
  subjectType: z.enum(BUDGET_SUBJECTS),
  subjectId: z.string().nullable(),
  period: z.enum(BUDGET_PERIODS),
  periodEnd: z.string(),
  amount: z.number(),
  spent: z.number(),
  isActive: z.boolean(),
  reached: z.array(z.number()),
});
type Usage = z.infer<typeof usageShape> & { readonly subjectName: string };

function UsageRow(usage: Usage) {
  const part = usage.amount === 0 ? 1 : usage.spent / usage.amount;
  const percent = `${Math.round(part * 100)} %`;
  return (
    <tr>
      <td>
        <a href={`${PATH}/${usage.budgetId}`}>{usage.name}</a>
      </td>
      <td>{subjectLabel(usage)}</td>
      <td>
        <span class="start">
          <meter
            min={0}
            low={0.8}
            high={0.99}
            max={1}
            optimum={0}
            value={Math.min(part, 1)}
            aria-label={`${usage.name} ${subjectLabel(usage)}`}
          >
            {percent}
          </meter>
          <Badge tone={part >= 1 ? "bad" : part >= 0.8 ? "warn" : "plain"}>{percent}</Badge>
        </span>
      </td>
      <td class="number">{counted(usage.spent)}</td>
      <td class="number">{counted(usage.amount)}</td>
      <td>{usage.reached.length === 0 ? "–" : `${Math.max(...usage.reached)} %`}</td>
      <td>
        <Time at={usage.periodEnd} />
      </td>
    </tr>
  );
}

const usagePage = new Hono<AdminEnv>().get(
  `${PATH}/usage`,
  requirePagePermission("budgets.list"),
  async (c) => {
    const rest = c.get("rest");
    const { value } = await rest.read("/budgets/usage", pageShape(usageShape));
    const nameOf = await loadSubjectNames(rest, value.items);
    return c.html(
      <Page title="Budget usage" intro="Cost of the calls in the current periods." frame={buildFrame(c)}>
        {value.items.length === 0 && (
          <div class="card">
            <Empty title="No budgets yet">
              <p>
                <a href={`${PATH}/new`}>Create a budget</a>
              </p>
            </Empty>
          </div>
        )}
        {value.items.length > 0 && (
          <section class="scroll" aria-label="Budgets" tabindex={0}>
            <table>
              <TableHead
                columns={[
                  ...["Budget", "Subject", "Usage %"],
                  ...[{ figure: "Spent" }, { figure: "Amount" }, "Reached", "Period ends"],
                ]}
              />
              <tbody>
                {value.items.map((usage) => (
                  <UsageRow {...usage} subjectName={nameOf(usage)} />
                ))}
              </tbody>
            </table>
          </section>
        )}
      </Page>,
    );
  },
);

export const budgets = new Hono<AdminEnv>().route("/", usagePage).route("/", budgetPages);
