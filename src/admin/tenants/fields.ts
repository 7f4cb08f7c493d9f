/** The form fields of an organization, for operators. */
import { z } from "zod";
import { NEW_TENANT_SETTINGS, TOOL_CHANGES, type ToolChangePolicy } from "../../core/discovery/tool-drift.ts";
import { TENANT_STATUSES } from "../../core/enums.ts";
import type { FieldSpec } from "../forms/fields.ts";

export const tenantShape = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  status: z.enum(TENANT_STATUSES),
  weight: z.number(),
  timeZone: z.string(),
  planLimits: z.record(z.string(), z.number()),
  createdAt: z.string(),
});
export type TenantView = z.infer<typeof tenantShape>;

export const TOOL_CHANGE_LABELS: Readonly<Record<ToolChangePolicy, string>> = {
  allow: "Allow",
  hold: "Hold until approved",
  block: "Block until approved",
};

const most = (name: string, label: string): FieldSpec => ({
  ...{ name: `planLimits.${name}`, label, kind: "number", min: 0, step: 1 },
  ...{ optional: true, empty: "omit", hint: "Optional. Default: unlimited." },
});

export const FIELDS: readonly FieldSpec[] = [
  { name: "name", label: "Name", kind: "text", maxlength: 200 },
  {
    name: "slug",
    label: "Slug",
    kind: "text",
    maxlength: 63,
    fixed: true,
    hint: "Used in URLs. Cannot be changed. Lowercase letters, digits and hyphens.",
  },
  {
    name: "timeZone",
    label: "Time zone",
    kind: "text",
    maxlength: 100,
    initial: "UTC",
    hint: "For example, Europe/Vienna.",
  },
  {
    name: "weight",
    label: "Weight",
    kind: "number",
    min: 1,
    max: 1000,
    step: 1,
    initial: "1",
    hint: "Share of capacity under contention. Weight 2 gets twice the share of weight 1.",
  },
  most("requestsPerMinute", "Max requests per minute"),
  most("servers", "Max servers"),
  most("apiKeys", "Max API keys"),
  most("members", "Max members"),
  {
    name: "settings.accessDefault",
    label: "Default access",
    kind: "choice",
    options: [
      { value: "allow", label: "Allow" },
      { value: "deny", label: "Deny" },
    ],
    initial: "allow",
  },
  {
    name: "settings.toolChanges",
    label: "On tool change",
    kind: "choice",
    options: TOOL_CHANGES.map((value) => ({ value, label: TOOL_CHANGE_LABELS[value] })),
    initial: NEW_TENANT_SETTINGS.toolChanges,
    hint: "Hold: the tool is hidden until approved or until the server takes the change back. Block: hidden until approved.",
  },
  {
    name: "settings.secondFactorFrom",
    label: "Require two-factor authentication from",
    kind: "moment",
    optional: true,
    hint: "Until then members are reminded. Afterwards, those without it can only set it up, and their connected applications are rejected. API keys are not affected.",
  },
  { name: "settings.anonymousAccess", label: "Allow anonymous access", kind: "yes" },
  { name: "settings.legacyKeys", label: "Accept legacy API keys", kind: "yes", initial: "yes" },
  { name: "settings.publicRegistry", label: "Public registry", kind: "yes" },
];

const OPERATORS = new Set(["slug", "weight"]);

/** What an organization's own admins may change. */
export const OWN_FIELDS = FIELDS.filter(
  ({ name }) => !OPERATORS.has(name) && !name.startsWith("planLimits."),
);

/** What holds where a tenant has decided nothing is shown as what it is, so that saving changes nothing by itself. */
const UNDECIDED = { accessDefault: "allow", toolChanges: "allow", legacyKeys: true };

const decided = z.looseObject({ settings: z.record(z.string(), z.unknown()) });

export function withDefaults(row: Record<string, unknown>): Record<string, unknown> {
  const { settings } = decided.parse(row);
  return { ...row, settings: { ...UNDECIDED, ...settings } };
}
