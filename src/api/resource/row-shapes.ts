/** How the things of the older routes look as JSON: read off the columns that their queries show. */
import { z } from "zod";
import { API_KEY_SCOPES, ROLES } from "../../core/enums.ts";
import { ruleColumns } from "../../db/queries/access/access-rules.ts";
import { keyColumns } from "../../db/queries/access/api-key-lookup.ts";
import { legacyKeyColumns } from "../../db/queries/access/api-keys.ts";
import { memberColumns } from "../../db/queries/identity/invitations.ts";
import { accountColumns } from "../../db/queries/identity/service-accounts.ts";
import { tenantColumns } from "../../db/queries/tenants/tenants.ts";
import { rowShape } from "./shape.ts";

export const keyShape = rowShape(keyColumns).meta({ id: "ApiKey" });

/** The secret is returned only in this response. */
export const newKeyShape = z.object({ key: keyShape, secret: z.string() });
export const renewedKeyShape = newKeyShape.extend({ oldKeyExpiresAt: z.iso.datetime() });
export const legacyKeyShape = rowShape(legacyKeyColumns).meta({ id: "LegacyKey" });

export const controlShape = rowShape(ruleColumns);
const settings = z.record(z.string(), z.unknown());
export const tenantShape = rowShape(tenantColumns, {
  settings,
  planLimits: z.record(z.string(), z.number()),
}).meta({ id: "Tenant" });
export const memberShape = rowShape(memberColumns).extend({ id: z.string() });
export const memberRoleShape = z.object({ userId: z.string(), role: z.enum(ROLES) });
export const accountShape = rowShape(accountColumns).meta({ id: "ServiceAccount" });

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
  decidedBy: z.string(),
  reason: z.string(),
  rule: z.looseObject({ id: z.string() }).nullable(),
  at: z.iso.datetime(),
});
