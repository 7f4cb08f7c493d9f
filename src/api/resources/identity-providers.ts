/** The identity providers of a tenant; identity/sso signs members in at them. */
import { z } from "zod";
import { identityProviders as table } from "../../db/schema/identity-providers.ts";
import { sealClientSecret } from "../../identity/sso/client-secret.ts";
import { checkUrl } from "../../upstream/connection/url-guard.ts";
import { defineResource } from "../resource/define.ts";
import { title } from "./members.ts";

/** Judged again when it is fetched, by the policy of the place where the gateway runs. */
const httpsUrl = z
  .string()
  .max(500)
  .check((ctx) => {
    const verdict = checkUrl(ctx.value, { allowLoopback: true });
    if (!verdict.ok) ctx.issues.push({ code: "custom", message: verdict.reason, input: ctx.value });
  });

const claim = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]+$/u, "must be the name of a claim");
const claimValues = z.array(z.string().min(1).max(200)).max(20);
const stored = z.object({ id: z.string() });
const secret = z.object({ clientSecret: z.string() });

export const identityProviders = defineResource({
  name: "identity-providers",
  noun: "identity provider",
  table,
  fields: {
    name: title,
    issuer: httpsUrl.describe("As in the provider's discovery document and its ID tokens."),
    discoveryUrl: httpsUrl.nullable().describe("Default: {issuer}/.well-known/openid-configuration."),
    clientId: z.string().trim().min(1).max(500),
    clientSecret: z.string().min(1).max(2000).nullable().describe("Never returned. Null: a public client."),
    emailClaim: claim,
    nameClaim: claim,
    defaultRole: z.enum(["admin", "user", "readonly"]),
    isJitEnabled: z
      .boolean()
      .describe("Whether a sign-in creates the membership, for addresses of a verified domain."),
    trustedAmr: claimValues.describe("Values of the claim amr that count as a second factor."),
    trustedAcr: claimValues.describe("Values of the claim acr that count as a second factor."),
    isActive: z.boolean(),
  },
  // The provider's names for its subjects are of one issuer: those of another are other people.
  fixed: ["issuer"],
  hidden: ["clientSecret"],
  sorts: ["name", "issuer", "createdAt", "updatedAt"],
  usual: "name",
  filters: ["isActive", "isJitEnabled"],
  searched: ["name", "issuer"],
  hooks: {
    async prepare(c, values, before) {
      const { data } = secret.safeParse(values);
      if (data === undefined) return values;
      const { id } = stored.parse(before ?? values);
      const { keyring } = c.var.services;
      return { ...values, clientSecret: await sealClientSecret(keyring, id, data.clientSecret) };
    },
  },
  example: {
    name: "Okta",
    issuer: "https://example.okta.com",
    clientId: "0oa1b2c3d4",
    clientSecret: "a client secret",
    isJitEnabled: true,
    trustedAmr: ["mfa"],
  },
});
