/** How the things of the older routes look as JSON: read off the columns that their queries show. */
import { z } from "zod";
import { API_KEY_SCOPES, ROLES } from "../core/enums.ts";
import { shownKey } from "../db/queries/access.ts";
import { shownControl } from "../db/queries/controls.ts";
import { shownMember } from "../db/queries/invitations.ts";
import { shownLegacyKey } from "../db/queries/keys.ts";
import { shownAccount } from "../db/queries/service-accounts.ts";
import { shownTenant } from "../db/queries/tenants.ts";
import { shapeOf } from "./collection/shape.ts";

export const keyShape = shapeOf(shownKey).meta({ id: "ApiKey" });

/** Its secret is told this once. */
export const newKeyShape = z.object({ key: keyShape, secret: z.string() });
export const renewedKeyShape = newKeyShape.extend({ oldKeyExpiresAt: z.iso.datetime() });
export const legacyKeyShape = shapeOf(shownLegacyKey).meta({ id: "LegacyKey" });

export const controlShape = shapeOf(shownControl);
const settings = z.record(z.string(), z.unknown());
export const tenantShape = shapeOf(shownTenant, {
  settings,
  planLimits: z.record(z.string(), z.number()),
}).meta({ id: "Tenant" });
export const memberShape = shapeOf(shownMember).extend({ id: z.string() });
export const memberRoleShape = z.object({ userId: z.string(), role: z.enum(ROLES) });
export const accountShape = shapeOf(shownAccount).meta({ id: "ServiceAccount" });

export const meShape = z.object({
  tenantId: z.string(),
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  impersonatorId: z.string().nullable(),
  role: z.enum(ROLES),
  scopes: z.array(z.enum(API_KEY_SCOPES)),
  via: z.string(),
});

export const sessionShape = z.looseObject({ id: z.string(), current: z.boolean() });

export const activeRequestShape = z.object({
  id: z.string(),
  requestId: z.string(),
  principalId: z.string(),
  userId: z.string().optional(),
  server: z.string(),
  method: z.string(),
  target: z.string().optional(),
  startedAt: z.number().describe("Milliseconds since 1970."),
});

export const explanationShape = z.object({
  allowed: z.boolean(),
  because: z.string(),
  reason: z.string(),
  rule: z.looseObject({ id: z.string() }).nullable(),
  at: z.iso.datetime(),
});
