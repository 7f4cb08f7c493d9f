/** The input for keys, and their representation: never with hash or salt, and with the secret only once. */
import { z } from "zod";
import type { KeyBounds } from "../../core/access/key-bounds.ts";
import { API_KEY_SCOPES } from "../../core/enums.ts";
import { validateNetwork } from "../../core/net/cidr.ts";
import { moment } from "../http/times.ts";
import { serverName } from "../servers/server-name.ts";

const network = z
  .string()
  .max(64)
  .check((ctx) => {
    const fault = validateNetwork(ctx.value);
    if (fault !== undefined) ctx.issues.push({ code: "custom", message: fault, input: ctx.value });
  });

const future = moment.refine((date) => date > new Date(), "must be in the future");

const terms = {
  scopes: z
    .array(z.enum(API_KEY_SCOPES))
    .min(1)
    .transform((scopes) => [...new Set(scopes)]),
  rateLimitPerHour: z.number().int().min(1).max(1_000_000),
  rateLimitPerDay: z.number().int().min(1).max(10_000_000),
  /** With scope `connect`: the server that a connector with the key may serve. */
  connectServer: serverName.nullable(),
  ipAllowlist: z.array(network).max(100),
  expiresAt: future.nullable(),
};
const name = z.string().trim().min(1).max(200);
const description = z.string().max(2000).nullable();

export const newKey = z
  .strictObject({
    name,
    description: description.default(null),
    scopes: terms.scopes.default(["read", "proxy"]),
    rateLimitPerHour: terms.rateLimitPerHour.default(1000),
    rateLimitPerDay: terms.rateLimitPerDay.default(10_000),
    connectServer: terms.connectServer.default(null),
    ipAllowlist: terms.ipAllowlist.default([]),
    expiresAt: terms.expiresAt.default(null),
    /** Absent: the caller's own. Null: a key of no account, which acts as a service. */
    serviceAccountId: z.uuid().nullable().optional(),
  })
  .refine(({ scopes, connectServer }) => scopes.includes("connect") === (connectServer !== null), {
    path: ["connectServer"],
    message: "is required with scope connect, and with no other scope alone: the name of the server",
  })
  .meta({ examples: [{ name: "nightly build", scopes: ["read", "proxy"], rateLimitPerHour: 500 }] });

export const keyChange = z
  .strictObject({ name, description, ...terms, isActive: z.boolean() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, "Provide at least one field to update.")
  .meta({ examples: [{ description: "For the nightly build." }] });

export const rotation = z
  .strictObject({
    /** How long the old key goes on working beside the new one. */
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(30 * 86_400)
      .default(86_400),
  })
  .meta({ examples: [{ overlapSeconds: 3600 }] });

/** The part of the input that determines the rights of the key. */
export function termsIn({
  scopes,
  connectServer,
  rateLimitPerHour,
  rateLimitPerDay,
  ipAllowlist,
  expiresAt,
}: Optional): Partial<KeyBounds> {
  return {
    ...(scopes !== undefined && { scopes }),
    ...(connectServer !== undefined && { connectServer }),
    ...(rateLimitPerHour !== undefined && { rateLimitPerHour }),
    ...(rateLimitPerDay !== undefined && { rateLimitPerDay }),
    ...(ipAllowlist !== undefined && { ipAllowlist }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

type Optional = { readonly [K in keyof KeyBounds]?: KeyBounds[K] | undefined };
