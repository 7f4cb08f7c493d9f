/** Rules on who may use what, when. What comes of them together is told by explain.tsx. */
import { Hono } from "hono";
import { z } from "zod";
import { ACCESS_EFFECTS, ACCESS_OBJECTS, ACCESS_SUBJECTS } from "../../core/enums.ts";
import { LinkButton } from "../forms/parts.tsx";
import type { AdminEnv } from "../gate.ts";
import { may } from "../lists/routes.tsx";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { managed } from "../managed/collection.tsx";
import { namesOfServers, namesOfSubjects, serverOptions, subjectIn, subjectOptions } from "../names.ts";
import type { PageGroup } from "../ui/navigation.ts";
import { Badge, Time } from "../ui/parts.tsx";
import { explainer } from "./explain.tsx";

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
export function timesOf({
  daysOfWeek,
  startTime,
  endTime,
}: Pick<Control, "daysOfWeek" | "startTime" | "endTime">) {
  const days = daysOfWeek === null ? [] : [daysOfWeek.map((day) => DAYS[day - 1]).join(", ")];
  const hours = startTime === null ? [] : [`${hour(startTime)}–${hour(endTime)}`];
  return [...days, ...hours].join(" ") || "always";
}

const controls = managed<Control>({
  name: "access-controls",
  actions: {
    ...{ list: "access.list", read: "access.read", create: "access.create" },
    ...{ update: "access.update", delete: "access.delete" },
  },
  section: "People",
  title: "Access controls",
  noun: "access control",
  intro: "Who may use what, and when. What is denied stays denied, whatever else allows it.",
  also: "permissions rules allow deny rbac explain acl",
  empty: "Keep a role, a person or a key from a tool, or let only some of them have it.",
  beside: (c) =>
    may(c, "access.explain") && (
      <LinkButton to="/admin/access-controls/explain" kind="quiet">
        Explain
      </LinkButton>
    ),
  list: {
    shape,
    usual: "subjectType",
    search: "Pattern or reason",
    filters: [
      { name: "effect", label: "Effect", kind: "choice", options: optionsFrom(ACCESS_EFFECTS) },
      { name: "subjectType", label: "For", kind: "choice", options: optionsFrom(ACCESS_SUBJECTS) },
      { name: "objectType", label: "What", kind: "choice", options: optionsFrom(ACCESS_OBJECTS) },
      { name: "serverId", label: "Server", kind: "choice", options: serverOptions },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
    ],
    async complete(rest, rows) {
      const [subject, server] = await Promise.all([
        namesOfSubjects(rest, rows),
        namesOfServers(
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
        label: "What",
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
        label: "For",
        sorts: true,
        show: ({ subjectType, subjectName }) => (
          <>
            <span class="tag">{subjectType}</span> {subjectName}
          </>
        ),
        plain: ({ subjectType, subjectName }) => `${subjectType} ${subjectName}`,
      },
      { name: "serverName", label: "On", show: ({ serverName }) => serverName ?? "any server" },
      { name: "daysOfWeek", label: "When", show: timesOf, plain: timesOf },
      { name: "validUntil", label: "Until", show: ({ validUntil }) => <Time at={validUntil} none="–" /> },
      {
        name: "isActive",
        label: "State",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
    ],
  },
  fields: [
    { name: "subject", label: "For", kind: "choice", options: subjectOptions, initial: "role:user" },
    {
      name: "effect",
      label: "Effect",
      kind: "choice",
      options: [
        { value: "deny", label: "Deny: whatever else allows it" },
        { value: "allow", label: "Allow: where it is not denied" },
      ],
      initial: "deny",
    },
    {
      name: "objectType",
      label: "What",
      kind: "choice",
      options: optionsFrom(ACCESS_OBJECTS),
      initial: "tool",
    },
    {
      name: "objectPattern",
      label: "Called",
      kind: "text",
      hint: "A name with * for anything, ? for one letter, {a,b} for one of several. Of servers it is the server's name.",
      initial: "*",
    },
    {
      name: "serverId",
      label: "On the server",
      kind: "choice",
      options: serverOptions,
      optional: true,
      hint: "None: on any server.",
    },
    {
      name: "daysOfWeek",
      label: "On these days",
      kind: "choices",
      options: DAYS.map((label, index) => ({ value: String(index + 1), label })),
      hint: "None marked: every day, in the organisation's time zone.",
    },
    { name: "startTime", label: "From", kind: "text", optional: true, placeholder: "08:30", maxlength: 5 },
    {
      name: "endTime",
      label: "To",
      kind: "text",
      optional: true,
      placeholder: "18:00",
      maxlength: 5,
      hint: "Before the start: on the next day.",
    },
    { name: "validFrom", label: "Holds from", kind: "moment", optional: true },
    { name: "validUntil", label: "Holds until", kind: "moment", optional: true },
    { name: "reason", label: "Reason", kind: "text", optional: true, hint: "For whoever wonders later." },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ effect, objectType, objectPattern }) => `${effect} ${objectType} ${objectPattern}`,
  toForm: ({ subjectType, subjectId, startTime, endTime, ...row }) => ({
    ...row,
    subject: `${subjectType}:${subjectId}`,
    startTime: hour(startTime),
    endTime: hour(endTime),
  }),
  fromForm: ({ subject, daysOfWeek, ...body }) => ({
    ...body,
    ...(typeof subject === "string" && { subject: subjectIn(subject) }),
    daysOfWeek: Array.isArray(daysOfWeek) && daysOfWeek.length > 0 ? daysOfWeek.map(Number) : null,
  }),
});

export const accessControls: PageGroup = {
  nav: controls.nav,
  // Before the pages of single rules, whose address it would otherwise be.
  routes: new Hono<AdminEnv>().route("/", explainer).route("/", controls.routes),
};
