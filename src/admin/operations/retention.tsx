/** How long records are kept, what must be kept, and what would go if it went now. */
import { Hono } from "hono";
import { z } from "zod";
import { RETENTION_TABLES } from "../../core/retention.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton, Notice } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { Badge, Details, Empty, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const PATH = "/admin/settings/retention";
const worded = (table: string) => table.replaceAll("_", " ");

const policy = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  tableName: z.string(),
  retentionDays: z.number(),
  legalHold: z.boolean(),
  isActive: z.boolean(),
  lastRunAt: z.string().nullable(),
  lastDeletedRows: z.number().nullable(),
});

const policies = crudPages({
  name: "retention-policies",
  path: "/admin/settings/retention",
  title: "Retention",
  noun: "retention policy",
  intro: "How long records are kept. Older records are deleted daily in batches.",
  empty: "Without a policy, the system default applies.",
  beside: () => (
    <LinkButton to={`${PATH}/dry-run`} kind="quiet">
      Dry run
    </LinkButton>
  ),
  list: {
    shape: policy,
    usual: "tableName",
    filters: [
      { name: "legalHold", label: "Legal hold", kind: "choice", options: YES_NO },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "tableName", label: "Records", sorts: true, show: ({ tableName }) => worded(tableName) },
      {
        name: "retentionDays",
        label: "Days",
        sorts: true,
        number: true,
        show: ({ retentionDays }) => retentionDays,
      },
      {
        name: "legalHold",
        label: "Status",
        show: ({ legalHold, isActive }) =>
          legalHold ? (
            <Badge tone="warn">legal hold</Badge>
          ) : (
            <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
          ),
      },
      {
        name: "tenantId",
        label: "Scope",
        show: ({ tenantId }) => (tenantId === null ? "System" : "Organization"),
      },
      { name: "lastRunAt", label: "Last run", show: ({ lastRunAt }) => <Time at={lastRunAt} /> },
      {
        name: "lastDeletedRows",
        label: "Deleted",
        number: true,
        show: ({ lastDeletedRows }) => lastDeletedRows ?? "",
      },
    ],
  },
  fields: [
    {
      name: "tableName",
      label: "Records",
      kind: "choice",
      options: optionsFrom(RETENTION_TABLES),
      fixed: true,
    },
    {
      name: "retentionDays",
      label: "Retention (days)",
      kind: "number",
      min: 1,
      max: 36_500,
      initial: "90",
      hint: "Audit log: at least 90 days.",
    },
    { name: "legalHold", label: "Legal hold (suspends deletion)", kind: "yes" },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ tableName }) => `Retention of ${worded(tableName)}`,
  isForeign: ({ tenantId }) => tenantId === null,
  about: ({ lastRunAt, lastDeletedRows }) => (
    <section class="card" aria-label="Last run">
      <Details
        of={[
          ["Last run", <Time at={lastRunAt} />],
          ["Deleted rows", lastDeletedRows ?? "never run"],
        ]}
      />
    </section>
  ),
});

const dryRun = z.object({
  tables: z.array(z.object({ tableName: z.string(), before: z.string(), rows: z.number() })),
  held: z.array(z.string()),
});

const foreseeing = new Hono<AdminEnv>().get(
  `${PATH}/dry-run`,
  requirePagePermission("retention.preview"),
  async (c) => {
    const sent = await c.get("rest").send("POST", "/retention-policies/dry-run");
    if (!sent.ok) throw sent.refusal;
    const { tables, held } = dryRun.parse(sent.value);
    return c.html(
      <Page title="Dry run" frame={buildFrame(c)} intro="Rows that would be deleted now. Nothing is deleted.">
        {held.length > 0 && <Notice>Under legal hold: {held.map(worded).join(", ")}.</Notice>}
        {tables.length === 0 ? (
          <div class="card">
            <Empty title="Nothing to delete">
              <p>No policy applies.</p>
            </Empty>
          </div>
        ) : (
          <section class="scroll" aria-label="Dry run" tabindex={0}>
            <table>
              <TableHead columns={["Records", "Older than", { figure: "Rows" }]} />
              <tbody>
                {tables.map(({ tableName, before, rows }) => (
                  <tr>
                    <td>{worded(tableName)}</td>
                    <td>
                      <Time at={before} />
                    </td>
                    <td class="number">{rows}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </Page>,
    );
  },
);

export const retention = new Hono<AdminEnv>().route("/", foreseeing).route("/", policies);
