/** The email domains of a tenant; api/sso/verified-domains.ts verifies them. */
import { z } from "zod";
import { newToken } from "../../core/digest.ts";
import { isEmailDomain } from "../../core/sso/email-domain.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import { findVerifiedDomain } from "../../db/queries/identity/sso.ts";
import { verifiedDomains as table } from "../../db/schema/tenancy.ts";
import { defineResource } from "../resource/define.ts";

const domain = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .refine(isEmailDomain, "must be a domain, for example example.com");

const required = z.object({
  domain: z.string(),
  isSsoRequired: z.boolean().default(false),
  breakGlassUserId: z.string().nullish(),
});

export const verifiedDomains = defineResource({
  name: "verified-domains",
  noun: "verified domain",
  table,
  fields: {
    domain,
    isSsoRequired: z
      .boolean()
      .describe("Whether members with an address of the domain can sign in at an identity provider only."),
    breakGlassUserId: z
      .string()
      .max(64)
      .nullable()
      .describe("The admin who can still sign in otherwise. Required with isSsoRequired."),
  },
  fixed: ["domain"],
  sorts: ["domain", "verifiedAt", "createdAt", "updatedAt"],
  usual: "domain",
  filters: ["isSsoRequired"],
  searched: ["domain"],
  async faults({ db, owner }, row) {
    const { domain: name, isSsoRequired, breakGlassUserId } = required.parse(row);
    if (owner === null) return [];
    const [[verified], [member]] = await Promise.all([
      findVerifiedDomain(db, owner, name),
      typeof breakGlassUserId === "string" ? findMemberRole(db, owner, breakGlassUserId) : [],
    ]);
    const isAdmin = member?.role === "admin" && !member.isServiceAccount;
    if (typeof breakGlassUserId === "string" && !isAdmin) {
      return [{ path: "/breakGlassUserId", message: "must be an admin of the organization" }];
    }
    if (!isSsoRequired) return [];
    if (verified === undefined) {
      return [{ path: "/isSsoRequired", message: "can be set only for a verified domain" }];
    }
    return isAdmin ? [] : [{ path: "/breakGlassUserId", message: "is required with isSsoRequired" }];
  },
  hooks: {
    prepare: async (_, values, before) => (before === undefined ? { ...values, token: newToken() } : values),
  },
  example: { domain: "example.com", isSsoRequired: false },
});
