/** The pages of access rules. explain.tsx evaluates them for a principal. */
import { Hono } from "hono";
import { z } from "zod";
import { ACCESS_EFFECTS, ACCESS_OBJECTS, ACCESS_SUBJECTS } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import type { FieldSpec, Option } from "../forms/fields.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";
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
import { Badge, Time } from "../ui/components.tsx";
import { accessCheck } from "./explain.tsx";
import { accessRulePreview, RULE_PREVIEW_PATH } from "./rule-preview.tsx";

const shape = z.object({
  id: z.string(),
  subjectType: z.enum(ACCESS_SUBJECTS),
  subjectId: z.string(),
  objectType: z.enum(ACCESS_OBJECTS),
  serverId: z.string().nullable(),
  objectPattern: z.string(),
  effect: z.enum(ACCESS_EFFECTS),
  validFrom: z.string().nullable(),
  validUntil: z.string().nullable(),
  daysOfWeek: z.array(z.number()).nullable(),
  startTime: z.string().nullable(),
  endTime: z.string().nullable(),
  reason: z.string().nullable(),
  isActive: z.boolean(),
  subjectName: z.string().optional(),
  serverName: z.string().optional(),
});
type Control = z.infer<typeof shape>;

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const hour = (time: unknown) => (typeof time === "string" ? time.slice(0, 5) : null);

/** Days and hours, in a few words. */
function formatTimes({
  daysOfWeek,
  startTime,
  endTime,
}: Pick<Control, "daysOfWeek" | "startTime" | "endTime">) {
  const days = daysOfWeek === null ? [] : [daysOfWeek.map((day) => DAYS[day - 1]).join(", ")];
  const hours = startTime === null ? [] : [`${hour(startTime)}–${hour(endTime)}`];
  return [...days, ...hours].join(" ") || "always";
}

/** Suggestions: the names of tools and of servers. */
async function objectNames(rest: ApiClient): Promise<readonly Option[]> {
  const names = pageShape(z.object({ name: z.string() }));
  const query = { limit: 200, fields: "name", sort: "name" };
  const [tools, servers] = await Promise.all([
    rest.read("/tools", names, query),
    rest.read("/servers", names, query),
  ]);
  const all = [...tools.value.items, ...servers.value.items].map(({ name }) => name);
  return [...new Set(all)].map((name) => ({ value: name, label: name }));
}

const RULE_FIELDS: readonly FieldSpec[] = [
  { name: "subject", label: "Subject", kind: "choice", options: subjectOptions },
  {
    name: "effect",
    label: "Effect",
    kind: "choice",
    options: [
      { value: "deny", label: "Deny (takes precedence)" },
      { value: "allow", label: "Allow" },
    ],
  },
  {
    name: "objectType",
    label: "Object",
    kind: "choice",
    options: optionsFrom(ACCESS_OBJECTS),
  },
  {
    name: "objectPattern",
    label: "Name pattern",
    kind: "text",
    options: objectNames,
    hint: "A name from the suggestions, or a pattern: * matches any text, ? one character, {a,b} alternatives. For servers, the server name; for toolsets, the slug.",
  },
  {
    name: "serverId",
    label: "Server",
    kind: "choice",
    options: serverOptions,
    optional: true,
    hint: "Optional. Default: any server.",
  },
  {
    name: "daysOfWeek",
    label: "Days",
    kind: "choices",
    options: DAYS.map((label, index) => ({ value: String(index + 1), label })),
    hint: "Default: every day. Times are in the organization's time zone.",
  },
  {
    name: "startTime",
    label: "Start time",
    kind: "text",
    optional: true,
    placeholder: "08:30",
    maxlength: 5,
  },
  {
    name: "endTime",
    label: "End time",
    kind: "text",
    optional: true,
    placeholder: "18:00",
    maxlength: 5,
    hint: "An end before the start means the next day.",
  },
  { name: "validFrom", label: "Valid from", kind: "moment", optional: true },
  { name: "validUntil", label: "Valid until", kind: "moment", optional: true },
  { name: "reason", label: "Reason", kind: "text", optional: true, hint: "Shown in the audit log." },
  { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
];

function toRule({ subject, daysOfWeek, ...body }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...body,
    ...(typeof subject === "string" && { subject: parseSubject(subject) }),
    daysOfWeek: Array.isArray(daysOfWeek) && daysOfWeek.length > 0 ? daysOfWeek.map(Number) : null,
  };
}

const controls = crudPages<Control>({
  name: "access-controls",
  actions: {
    ...{ list: "access.list", read: "access.read", create: "access.create" },
    ...{ update: "access.update", delete: "access.delete" },
  },
  path: "/admin/access",
  title: "Access rules",
  noun: "access rule",
  intro: "Who can use which servers, tools, prompts and resources. Deny rules take precedence.",
  empty: "Restrict or grant access for a role, member or API key.",
  beside: (c) =>
    may(c, "access.explain") && (
      <LinkButton to="/admin/access/check" kind="quiet">
        Check access
      </LinkButton>
    ),
  list: {
    shape,
    usual: "subjectType",
    search: "Pattern or reason",
    filters: [
      { name: "effect", label: "Effect", kind: "choice", options: optionsFrom(ACCESS_EFFECTS) },
      { name: "subjectType", label: "Subject", kind: "choice", options: optionsFrom(ACCESS_SUBJECTS) },
      { name: "objectType", label: "Object", kind: "choice", options: optionsFrom(ACCESS_OBJECTS) },
      { name: "serverId", label: "Server", kind: "choice", options: serverOptions },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    async complete(rest, rows) {
      const [subject, server] = await Promise.all([
        loadSubjectNames(rest, rows),
        loadServerNames(
          rest,
          rows.map(({ serverId }) => serverId),
        ),
      ]);
      return rows.map((row) => {
        const serverName = server(row.serverId);
        return { ...row, subjectName: subject(row), ...(serverName !== undefined && { serverName }) };
      });
    },
    columns: [
      {
        name: "objectPattern",
        label: "Object",
        sorts: true,
        show: ({ objectType, objectPattern }) => (
          <>
            {objectType} <code>{objectPattern}</code>
          </>
        ),
        plain: ({ objectType, objectPattern }) => `${objectType} ${objectPattern}`,
      },
      {
        name: "effect",
        label: "Effect",
        sorts: true,
        show: ({ effect }) => <Badge tone={effect === "allow" ? "good" : "bad"}>{effect}</Badge>,
      },
      {
        name: "subjectType",
        label: "Subject",
        sorts: true,
        show: ({ subjectType, subjectName }) => (
          <>
            <span class="tag">{subjectType}</span> {subjectName}
          </>
        ),
        plain: ({ subjectType, subjectName }) => `${subjectType} ${subjectName}`,
      },
      { name: "serverName", label: "Server", show: ({ serverName }) => serverName ?? "Any" },
      { name: "daysOfWeek", label: "Schedule", show: formatTimes, plain: formatTimes },
      { name: "validUntil", label: "Expires", show: ({ validUntil }) => <Time at={validUntil} none="–" /> },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
    ],
  },
  fields: RULE_FIELDS,
  preview: RULE_PREVIEW_PATH,
  nameOf: ({ effect, objectType, objectPattern }) => `${effect} ${objectType} ${objectPattern}`,
  toForm: ({ subjectType, subjectId, startTime, endTime, ...row }) => ({
    ...row,
    subject: `${subjectType}:${subjectId}`,
    startTime: hour(startTime),
    endTime: hour(endTime),
  }),
  fromForm: toRule,
});

export const accessRules = new Hono<AdminEnv>()
  .route("/", accessCheck)
  .route("/", accessRulePreview(RULE_FIELDS, toRule))
  .route("/", controls);
