/** The pages of IP rules: created by admins, or by the gateway after repeated violations. */
import { z } from "zod";
import { IP_RULE_KINDS } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { Badge, Time } from "../ui/components.tsx";

const rule = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  kind: z.enum(IP_RULE_KINDS),
  cidr: z.string(),
  reason: z.string().nullable(),
  expiresAt: z.string().nullable(),
  isActive: z.boolean(),
  isAutomatic: z.boolean(),
  violations: z.number(),
  createdAt: z.string(),
});

export const ipRules = crudPages({
  name: "ip-rules",
  path: "/admin/rate-limits/ip-rules",
  title: "IP rules",
  noun: "IP rule",
  intro: "Allow or block IP ranges.",
  empty: "Block a network, or exempt one from automatic bans.",
  list: {
    shape: rule,
    usual: "-createdAt",
    search: "Reason",
    filters: [
      { name: "kind", label: "Type", kind: "choice", options: optionsFrom(IP_RULE_KINDS) },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
      { name: "isAutomatic", label: "Created by gateway", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "cidr", label: "CIDR", sorts: true, show: ({ cidr }) => <code>{cidr}</code> },
      {
        name: "kind",
        label: "Type",
        show: ({ kind }) => <Badge tone={kind === "allow" ? "good" : "bad"}>{kind}</Badge>,
      },
      { name: "reason", label: "Reason", show: ({ reason }) => reason ?? "" },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
      {
        name: "isAutomatic",
        label: "Created by",
        show: ({ isAutomatic, tenantId }) =>
          isAutomatic ? "Gateway" : tenantId === null ? "System" : "Admin",
      },
      {
        name: "expiresAt",
        label: "Expires",
        show: ({ expiresAt }) => <Time at={expiresAt} none="Never" />,
      },
      {
        name: "violations",
        label: "Violations",
        sorts: true,
        number: true,
        show: ({ isAutomatic, violations }) => (isAutomatic ? violations : ""),
      },
      { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
    ],
  },
  fields: [
    {
      name: "kind",
      label: "Type",
      kind: "choice",
      options: [
        { value: "block", label: "Block: reject all requests" },
        { value: "allow", label: "Allow: never ban" },
      ],
      initial: "block",
    },
    {
      name: "cidr",
      label: "CIDR",
      kind: "text",
      hint: "An IP address or CIDR range, for example 203.0.113.0/24 or 2001:db8::/32.",
      maxlength: 64,
    },
    { name: "reason", label: "Reason", kind: "text", optional: true, hint: "Shown in the audit log." },
    {
      name: "expiresAt",
      label: "Expires",
      kind: "moment",
      optional: true,
      hint: "Optional. Default: no expiry.",
    },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ cidr }) => cidr,
  isForeign: ({ tenantId }) => tenantId === null,
});
