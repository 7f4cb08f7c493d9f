/** An API key as the pages read and change it. */
import { z } from "zod";
import { API_KEY_SCOPES } from "../../core/enums.ts";
import type { FieldSpec } from "../forms/fields.ts";
import type { Tone } from "../ui/components.tsx";

export const keyView = z.object({
  id: z.string(),
  userId: z.string().nullable(),
  name: z.string(),
  description: z.string().nullable(),
  keyPrefix: z.string(),
  scopes: z.array(z.enum(API_KEY_SCOPES)),
  connectServer: z.string().nullable(),
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
  /** In lists. */
  ownerName: z.string().optional(),
});

export type KeyView = z.infer<typeof keyView>;

export const KEYS = "/admin/keys";
export const keyApi = (id: string) => `/keys/${encodeURIComponent(id)}`;

export function keyState({ isActive, revokedAt, expiresAt }: KeyView, now: number): readonly [Tone, string] {
  if (revokedAt !== null) return ["bad", "revoked"];
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return ["bad", "expired"];
  return isActive ? ["good", "active"] : ["off", "disabled"];
}

const SCOPE_LABELS: Record<(typeof API_KEY_SCOPES)[number], string> = {
  read: "read: Read resources",
  write: "write: Modify own resources",
  admin: "admin: Administer the organization",
  proxy: "proxy: Call MCP servers",
  metrics: "metrics: Read metrics",
  health: "health: Read health status",
  connect: "connect: Serve one server by a connector",
};

export const keyFields: readonly FieldSpec[] = [
  {
    name: "name",
    label: "Name",
    kind: "text",
    maxlength: 200,
    hint: "For example, the program that uses it.",
  },
  { name: "description", label: "Description", kind: "text", optional: true, maxlength: 2000 },
  {
    name: "scopes",
    label: "Scopes",
    kind: "choices",
    options: API_KEY_SCOPES.map((value) => ({ value, label: SCOPE_LABELS[value] })),
    initial: ["read", "proxy"],
  },
  {
    name: "connectServer",
    label: "Server of the connector",
    kind: "text",
    optional: true,
    maxlength: 100,
    hint: "Name of the server. Required with scope connect.",
  },
  { name: "rateLimitPerHour", label: "Requests per hour", kind: "number", min: 1, step: 1, initial: "1000" },
  { name: "rateLimitPerDay", label: "Requests per day", kind: "number", min: 1, step: 1, initial: "10000" },
  {
    name: "ipAllowlist",
    label: "Allowed IP ranges",
    kind: "lines",
    optional: true,
    hint: "One per line, for example 203.0.113.0/24. Optional. Default: any IP address.",
  },
  { name: "expiresAt", label: "Expires", kind: "moment", optional: true, hint: "Optional. Default: never." },
];

/** The owner of a key; shown to admins. */
export const SELF = "self";
export const NO_OWNER = "no-owner";
