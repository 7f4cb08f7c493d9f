/** What an organisation may be asked to be, by those who run the gateway. */
import { z } from "zod";
import { TOOL_CHANGES } from "../../core/discovery/tool-drift.ts";
import { TENANT_STATUSES } from "../../core/enums.ts";
import type { FieldSpec } from "../forms/fields.ts";
import { optionsFrom } from "../lists/spec.ts";

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

const most = (name: string, label: string): FieldSpec => ({
  ...{ name: `planLimits.${name}`, label, kind: "number", min: 0, step: 1 },
  ...{ optional: true, empty: "omit", hint: "Empty: as many as they like." },
});

export const FIELDS: readonly FieldSpec[] = [
  { name: "name", label: "Name", kind: "text", maxlength: 200 },
  {
    name: "slug",
    label: "Short name",
    kind: "text",
    maxlength: 63,
    fixed: true,
    hint: "In addresses, for good: small letters, digits and hyphens.",
  },
  {
    name: "timeZone",
    label: "Time zone",
    kind: "text",
    maxlength: 100,
    initial: "UTC",
    hint: "Such as Europe/Vienna.",
  },
  {
    name: "weight",
    label: "Weight",
    kind: "number",
    min: 1,
    max: 1000,
    step: 1,
    initial: "1",
    hint: "When there is not enough for all: twice the weight, twice the share.",
  },
  most("requestsPerMinute", "Requests a minute, at most"),
  most("servers", "Servers, at most"),
  most("apiKeys", "Keys, at most"),
  most("members", "Members, at most"),
  {
    name: "settings.accessDefault",
    label: "What no access control speaks of",
    kind: "choice",
    options: [
      { value: "allow", label: "Is allowed" },
      { value: "deny", label: "Is denied" },
    ],
    initial: "allow",
  },
  {
    name: "settings.toolChanges",
    label: "A tool whose definition changes",
    kind: "choice",
    options: optionsFrom(TOOL_CHANGES),
    initial: "allow",
    hint: "allow: stays; hold: waits for an admin's eye; block: is out of use until then.",
  },
  { name: "settings.anonymousAccess", label: "Callers without a proof are let in", kind: "yes" },
  { name: "settings.legacyKeys", label: "Keys of the old format are let in", kind: "yes", initial: "yes" },
  { name: "settings.publicRegistry", label: "Anybody may read the registry", kind: "yes" },
];

/** What holds where a tenant has decided nothing is shown as what it is, so that saving changes nothing by itself. */
const UNDECIDED = { accessDefault: "allow", toolChanges: "allow", legacyKeys: true };

const decided = z.looseObject({ settings: z.record(z.string(), z.unknown()) });

export function withDefaults(row: Record<string, unknown>): Record<string, unknown> {
  const { settings } = decided.parse(row);
  return { ...row, settings: { ...UNDECIDED, ...settings } };
}
