/** An API key as the pages read and change it. */
import { z } from "zod";
import { API_KEY_SCOPES } from "../../core/enums.ts";
import type { FieldSpec } from "../forms/fields.ts";
import type { Tone } from "../ui/parts.tsx";

export const keyView = z.object({
  id: z.string(),
  userId: z.string().nullable(),
  name: z.string(),
  description: z.string().nullable(),
  keyPrefix: z.string(),
  scopes: z.array(z.enum(API_KEY_SCOPES)),
  rateLimitPerHour: z.number(),
  rateLimitPerDay: z.number(),
  ipAllowlist: z.array(z.string()),
  expiresAt: z.string().nullable(),
  lastUsed: z.string().nullable(),
  totalRequests: z.number(),
  isActive: z.boolean(),
  rotatedFrom: z.string().nullable(),
  revokedAt: z.string().nullable(),
  createdAt: z.string(),
});

export type KeyView = z.infer<typeof keyView>;

export const KEYS = "/admin/keys";
export const keyApi = (id: string) => `/keys/${encodeURIComponent(id)}`;

export function stateOf({ isActive, revokedAt, expiresAt }: KeyView, now: number): readonly [Tone, string] {
  if (revokedAt !== null) return ["bad", "revoked"];
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return ["bad", "expired"];
  return isActive ? ["good", "works"] : ["off", "switched off"];
}

const SCOPE_LABELS: Record<(typeof API_KEY_SCOPES)[number], string> = {
  read: "read: look at what there is, by REST",
  write: "write: change one's own things, by REST",
  admin: "admin: look after the organisation, by REST",
  proxy: "proxy: use MCP servers through the gateway",
  metrics: "metrics: read measurements",
  health: "health: read health checks",
};

export const keyFields: readonly FieldSpec[] = [
  {
    name: "name",
    label: "Name",
    kind: "text",
    maxlength: 200,
    hint: "Such as the program or machine that holds it.",
  },
  { name: "description", label: "Description", kind: "text", optional: true, maxlength: 2000 },
  {
    name: "scopes",
    label: "What it may do",
    kind: "choices",
    options: API_KEY_SCOPES.map((value) => ({ value, label: SCOPE_LABELS[value] })),
    initial: ["read", "proxy"],
  },
  { name: "rateLimitPerHour", label: "Requests an hour", kind: "number", min: 1, step: 1, initial: "1000" },
  { name: "rateLimitPerDay", label: "Requests a day", kind: "number", min: 1, step: 1, initial: "10000" },
  {
    name: "ipAllowlist",
    label: "Only from these networks",
    kind: "lines",
    optional: true,
    hint: "One a line, such as 203.0.113.0/24. Empty: from anywhere.",
  },
  { name: "expiresAt", label: "Until", kind: "moment", optional: true, hint: "Empty: until it is revoked." },
];

/** Whose the key is; for those who look after the organisation. */
export const SELF = "self";
export const NOBODY = "nobody";
