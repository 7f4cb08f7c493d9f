/** The input for tenants, members and invitations. */

import { z } from "zod";
import { TOOL_CHANGES } from "../../core/discovery/tool-drift.ts";
import { ROLES } from "../../core/enums.ts";
import { PREFIX_MODES } from "../../core/mcp/exposed-names.ts";
import { isTimeZone } from "../../core/time-zone.ts";

const name = z.string().trim().min(1).max(200);
const timeZone = z.string().refine(isTimeZone, "must be an IANA time zone, for example Europe/Vienna");
const limit = z.number().int().min(0).max(1_000_000_000);

const planLimits = z.strictObject({
  requestsPerMinute: limit.optional(),
  servers: limit.optional(),
  apiKeys: limit.optional(),
  members: limit.optional(),
});

const settings = z
  .strictObject({
    anonymousAccess: z.boolean(),
    accessDefault: z.enum(["allow", "deny"]),
    legacyKeys: z.boolean(),
    /** What becomes of a tool whose definition changes after it was first seen. */
    toolChanges: z.enum(TOOL_CHANGES),
    secondFactorFrom: z.iso
      .datetime({ offset: true })
      .nullable()
      .describe("From when on members need two-factor authentication. Null: it is optional."),
    /** Allows anonymous access to the tenant's registry at /r/{slug}. */
    publicRegistry: z.boolean(),
    naming: z.strictObject({
      prefix: z.enum(PREFIX_MODES).optional(),
      separator: z
        .string()
        .regex(/^[A-Za-z0-9_.-]{1,8}$/, "must be 1 to 8 letters, digits, dots, hyphens or underscores")
        .optional(),
      priority: z.array(z.string().min(1).max(255)).max(500).optional(),
    }),
  })
  .partial();

const atLeastOne = (change: object) => Object.keys(change).length > 0;
const NOTHING = "Provide at least one field to update.";

/** What a tenant's own admins may change. */
export const ownChange = z
  .strictObject({ name, timeZone, settings })
  .partial()
  .refine(atLeastOne, NOTHING)
  .meta({ examples: [{ settings: { accessDefault: "deny" } }] });

export const tenantChange = z
  .strictObject({ name, timeZone, settings, weight: z.number().int().min(1).max(1000), planLimits })
  .partial()
  .refine(atLeastOne, NOTHING)
  .meta({ examples: [{ weight: 2 }] });

export const newTenant = z
  .strictObject({
    name,
    slug: z
      .string()
      .regex(
        /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
        "must contain only lowercase letters, digits and hyphens, at most 63",
      ),
    timeZone: timeZone.default("UTC"),
    weight: z.number().int().min(1).max(1000).default(1),
    planLimits: planLimits.default({}),
    settings: settings.default({}),
  })
  .meta({ examples: [{ name: "Example Ltd", slug: "example" }] });

/** People have ids of better-auth's: any text. */
export const memberParam = z.object({ id: z.string().min(1).max(100) });
export const memberChange = z.strictObject({ role: z.enum(ROLES) }).meta({ examples: [{ role: "user" }] });

export const newInvitation = z
  .strictObject({
    email: z.email().max(320),
    role: z.enum(ROLES).default("user"),
  })
  .meta({ examples: [{ email: "ann@example.com", role: "user" }] });
