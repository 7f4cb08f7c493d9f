/** The pages of verified domains: the DNS record that proves one, and the requirement of single sign-on. */
import { Hono } from "hono";
import { z } from "zod";
import { proofName, proofValue } from "../../core/sso/domain-proof.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { YES_NO } from "../lists/spec.ts";
import { memberOptions } from "../lookups/choices.ts";
import { Badge, CopyButton, Time } from "../ui/components.tsx";
import { DOMAINS_PATH as PATH } from "./identity-providers.tsx";

const shape = z.object({
  id: z.string(),
  domain: z.string(),
  token: z.string(),
  verifiedAt: z.string().nullable(),
  isSsoRequired: z.boolean(),
});

const pages = crudPages<z.infer<typeof shape>>({
  name: "verified-domains",
  path: PATH,
  title: "Domains",
  noun: "verified domain",
  intro: "Email domains of the organization, verified by a DNS record.",
  empty: "Verify a domain to let its members sign in with single sign-on.",
  destroys: "Members with an address of the domain are no longer sent to the identity providers.",
  does: [{ action: "verified-domains.update", at: "verify", label: "Verify", busy: "Verifying…" }],
  list: {
    shape,
    usual: "domain",
    search: "Domain",
    filters: [{ name: "isSsoRequired", label: "SSO required", kind: "choice", options: YES_NO }],
    columns: [
      { name: "domain", label: "Domain", sorts: true, show: ({ domain }) => domain },
      {
        name: "verifiedAt",
        label: "Status",
        sorts: true,
        show: ({ verifiedAt }) => (
          <Badge tone={verifiedAt === null ? "warn" : "good"}>
            {verifiedAt === null ? "pending" : "verified"}
          </Badge>
        ),
      },
      {
        name: "isSsoRequired",
        label: "Sign-in",
        show: ({ isSsoRequired }) => (isSsoRequired ? "SSO required" : "Any method"),
      },
    ],
  },
  fields: [
    {
      ...{ name: "domain", label: "Domain", kind: "text", maxlength: 253, fixed: true },
      hint: "For example example.com. Subdomains are domains of their own.",
    },
    {
      ...{ name: "isSsoRequired", label: "Require single sign-on", kind: "yes", later: true },
      hint: "Ends the other sessions of members with an address of the domain.",
    },
    {
      ...{
        name: "breakGlassUserId",
        label: "Break-glass account",
        kind: "choice",
        later: true,
        optional: true,
      },
      ...{ empty: "null", options: memberOptions },
      hint: "The admin who can still sign in with a password or a passkey.",
    },
  ],
  nameOf: ({ domain }) => domain,
  about: ({ domain, token, verifiedAt }) =>
    verifiedAt === null ? (
      <p>
        Add a TXT record <code>{proofName(domain)}</code> with the value <code>{proofValue(token)}</code>{" "}
        <CopyButton text={proofValue(token)} />, then verify the domain.
      </p>
    ) : (
      <p>
        Verified <Time at={verifiedAt} />.
      </p>
    ),
});

export const verifiedDomains = new Hono<AdminEnv>()
  .route("/", pages)
  .post(`${PATH}/:id/verify`, requirePagePermission("verified-domains.update"), async (c) => {
    const id = c.req.param("id");
    const sent = await c.get("rest").send("POST", `/verified-domains/${encodeURIComponent(id)}/verify`);
    return redirectWithFlash(c, sent, { says: "Domain verified.", back: `${PATH}/${id}` });
  });
