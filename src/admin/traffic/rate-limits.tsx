/** The pages of rate limits. limits-now.tsx shows their current usage. */
import { Hono } from "hono";
import { z } from "zod";
import { LIMIT_SUBJECTS, ROLES } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import type { FieldSpec, Option } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import {
  loadServerNames,
  loadSubjectNames,
  parseSubject,
  serverOptions,
  subjectOptions,
} from "../lookups/choices.ts";
import { Badge } from "../ui/components.tsx";
import { bans } from "./bans.tsx";
import { budgets } from "./budgets.tsx";
import { LIMIT_PREVIEW_PATH, limitPreview } from "./limit-preview.tsx";
import { EACH_SUBJECT, subjectLabel } from "./limited-subjects.ts";
import { limitsNow } from "./limits-now.tsx";
import { perWindow } from "./windows.ts";

const shape = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  subjectType: z.enum(LIMIT_SUBJECTS),
  subjectId: z.string().nullable(),
  serverId: z.string().nullable(),
  toolName: z.string().nullable(),
  limitCount: z.number(),
  windowSeconds: z.number(),
  burstFactor: z.number(),
  isActive: z.boolean(),
  subjectName: z.string().optional(),
  serverName: z.string().optional(),
});
type Limit = z.infer<typeof shape>;

function nameOf(limit: Limit): string {
  const { subjectType, toolName, serverName } = limit;
  const subject = subjectLabel(limit);
  if (serverName === undefined) return subject;
  if (subjectType === "server") return `server ${serverName}`;
  const target = toolName === null ? serverName : `${serverName} › ${toolName}`;
  return subjectType === "tool" && toolName !== null ? `tool ${target}` : `${subject} at ${target}`;
}

async function limitedSubjects(rest: ApiClient): Promise<readonly Option[]> {
  const each = (["tenant", "role", "user", "key", "group", "ip", "server", "tool"] as const).map((type) => ({
    value: type,
    label: EACH_SUBJECT[type],
  }));
  const anonymous = { value: "role:anonymous", label: "Unauthenticated callers" };
  return [...each, anonymous, ...(await subjectOptions(rest))];
}

const LIMIT_FIELDS: readonly FieldSpec[] = [
  {
    name: "subjectId",
    label: "Subject",
    kind: "choice",
    options: limitedSubjects,
    fixed: true,
    hint: "The limit of a role applies to each principal with that role; the members of a group share its limit.",
    initial: "tenant",
  },
  {
    name: "serverId",
    label: "Server",
    kind: "choice",
    options: serverOptions,
    optional: true,
    empty: "null",
    fixed: true,
    hint: "Limits only calls to this server. The limit of a server or tool counts the calls of all callers.",
  },
  {
    name: "toolName",
    label: "Tool",
    kind: "text",
    maxlength: 255,
    optional: true,
    empty: "null",
    fixed: true,
    hint: "Limits only calls of this tool of the server. Empty: all of its tools.",
  },
  {
    name: "limitCount",
    label: "Requests",
    kind: "number",
    min: 0,
    step: 1,
    hint: "0 rejects all requests.",
  },
  {
    name: "windowSeconds",
    label: "Window (seconds)",
    kind: "number",
    min: 1,
    max: 86_400,
    step: 1,
    initial: "60",
    hint: "60 = 1 minute, 3600 = 1 hour, 86400 = 1 day. Sliding window.",
  },
  {
    name: "burstFactor",
    label: "Burst",
    kind: "number",
    min: 1,
    max: 100,
    initial: "1",
    hint: "Burst multiplier after idle time.",
  },
  { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
];

function toLimitForm({ subjectType, subjectId, ...row }: Record<string, unknown>): Record<string, unknown> {
  return { ...row, subjectId: subjectId === null ? subjectType : `${subjectType}:${subjectId}` };
}

function fromLimitForm({ subjectId, ...body }: Record<string, unknown>): Record<string, unknown> {
  if (typeof subjectId !== "string") return body;
  const { type, id } = parseSubject(subjectId);
  return { ...body, subjectType: type, subjectId: id === "" ? null : id };
}

const limits = crudPages<Limit>({
  name: "rate-limits",
  path: "/admin/rate-limits",
  title: "Rate limits",
  noun: "rate limit",
  intro: `Maximum requests per window. Defaults apply to ${ROLES.length} roles and IP addresses without a limit here.`,
  empty: "Override the default limits.",
  beside: (c) =>
    may(c, "traffic.read") && (
      <LinkButton to="/admin/rate-limits/usage" kind="quiet">
        View usage
      </LinkButton>
    ),
  list: {
    shape,
    usual: "subjectType",
    filters: [
      { name: "subjectType", label: "Subject", kind: "choice", options: optionsFrom(LIMIT_SUBJECTS) },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    async complete(rest, rows) {
      const name = await loadSubjectNames(rest, rows);
      const serverName = await loadServerNames(
        rest,
        rows.map(({ serverId }) => serverId),
      );
      return rows.map((row) => ({ ...row, subjectName: name(row), serverName: serverName(row.serverId) }));
    },
    columns: [
      { name: "subjectType", label: "Subject", sorts: true, show: nameOf, plain: nameOf },
      {
        name: "limitCount",
        label: "Requests",
        sorts: true,
        number: true,
        show: ({ limitCount }) => limitCount,
      },
      {
        name: "windowSeconds",
        label: "Window",
        sorts: true,
        show: ({ windowSeconds }) => perWindow(windowSeconds),
      },
      { name: "burstFactor", label: "Burst", number: true, show: ({ burstFactor }) => `${burstFactor}×` },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
      {
        name: "tenantId",
        label: "Created by",
        show: ({ tenantId }) => (tenantId === null ? "System" : "Admin"),
        plain: ({ tenantId }) => (tenantId === null ? "System" : "Admin"),
      },
    ],
  },
  fields: LIMIT_FIELDS,
  preview: LIMIT_PREVIEW_PATH,
  nameOf: (row) => `${row.limitCount} ${perWindow(row.windowSeconds)} for ${nameOf(row)}`,
  isForeign: ({ tenantId }) => tenantId === null,
  toForm: toLimitForm,
  fromForm: fromLimitForm,
});

export const rateLimits = new Hono<AdminEnv>()
  .route("/", limitsNow)
  .route("/", bans)
  .route("/", budgets)
  .route("/", limitPreview(LIMIT_FIELDS, { toForm: toLimitForm, fromForm: fromLimitForm }))
  .route("/", limits);
