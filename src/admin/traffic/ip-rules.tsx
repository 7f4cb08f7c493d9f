/** Addresses that are always let in, or kept out: written by admins, and by the gateway where somebody goes on and on. */
import { z } from "zod";
import { IP_RULE_KINDS } from "../../core/enums.ts";
import { optionsFrom, YES_NO } from "../lists/spec.ts";
import { managed } from "../managed/collection.tsx";
import { Badge, Time } from "../ui/parts.tsx";

const rule = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  kind: z.enum(IP_RULE_KINDS),
  cidr: z.string(),
  reason: z.string().nullable(),
  expiresAt: z.string().nullable(),
  isActive: z.boolean(),
  isAutomatic: z.boolean(),
  createdAt: z.string(),
});

export const ipRules = managed({
  name: "ip-rules",
  section: "Traffic",
  title: "IP rules",
  noun: "IP rule",
  intro: "Who is let in, or kept out, by address alone.",
  also: "ban block allow address network firewall",
  empty: "Keep a network out, or let your offices in whatever else they do.",
  list: {
    shape: rule,
    usual: "-createdAt",
    search: "Reason",
    filters: [
      { name: "kind", label: "Kind", kind: "choice", options: optionsFrom(IP_RULE_KINDS) },
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
      { name: "isAutomatic", label: "By the gateway", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "cidr", label: "Network", sorts: true, show: ({ cidr }) => <code>{cidr}</code> },
      {
        name: "kind",
        label: "Kind",
        show: ({ kind }) => <Badge tone={kind === "allow" ? "good" : "bad"}>{kind}</Badge>,
      },
      { name: "reason", label: "Reason", show: ({ reason }) => reason ?? "" },
      {
        name: "isActive",
        label: "State",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
      {
        name: "isAutomatic",
        label: "By",
        show: ({ isAutomatic, tenantId }) =>
          isAutomatic ? "the gateway" : tenantId === null ? "the system" : "an admin",
      },
      {
        name: "expiresAt",
        label: "Until",
        show: ({ expiresAt }) => <Time at={expiresAt} none="further notice" />,
      },
      { name: "createdAt", label: "Since", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
    ],
  },
  fields: [
    {
      name: "kind",
      label: "Kind",
      kind: "choice",
      options: [
        { value: "block", label: "Block: nothing from there is answered" },
        { value: "allow", label: "Allow: never shut out" },
      ],
      initial: "block",
    },
    {
      name: "cidr",
      label: "Network",
      kind: "text",
      hint: "An address or a network, such as 203.0.113.0/24 or 2001:db8::/32.",
      maxlength: 64,
    },
    { name: "reason", label: "Reason", kind: "text", optional: true, hint: "For whoever wonders later." },
    {
      name: "expiresAt",
      label: "Until",
      kind: "moment",
      optional: true,
      hint: "Empty: until somebody ends it.",
    },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ cidr }) => cidr,
  isForeign: ({ tenantId }) => tenantId === null,
});
