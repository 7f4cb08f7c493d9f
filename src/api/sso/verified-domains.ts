/** Verified domains: besides the five routes, the check of a domain's DNS record. */
import { Hono } from "hono";
import { z } from "zod";
import { GatewayError } from "../../core/errors.ts";
import { hasProof, proofName, proofValue } from "../../core/sso/domain-proof.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import { updateRow } from "../../db/queries/shared/crud.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { idParam } from "../http/id-param.ts";
import { responds } from "../http/responses.ts";
import { pickFields } from "../http/sorted-lists.ts";
import { params } from "../http/validate.ts";
import { requireRow } from "../resource/reading.ts";
import { collection } from "../resource/routes.ts";
import type { ResourceScope } from "../resource/scope.ts";
import { verifiedDomains as kind } from "../resources/verified-domains.ts";

const claimed = z.object({ domain: z.string(), token: z.string() });

export const createVerifiedDomainRoutes = (reach: ResourceScope) =>
  new Hono<AppEnv>()
    .post(
      "/:id/verify",
      requirePermission("verified-domains.update"),
      params(idParam),
      responds(kind.shape, "The domain, verified."),
      async (c) => {
        const { db, services, principal } = c.var;
        const { id } = c.req.valid("param");
        const before = await requireRow(c, kind, reach, id);
        const { domain, token } = claimed.parse(before);
        const records = await services.lookupTxt(proofName(domain));
        if (records === undefined) {
          throw new GatewayError("conflict", "The DNS resolver did not respond. Retry later.");
        }
        if (!hasProof(records, token)) {
          throw new GatewayError(
            "conflict",
            `Domain ${domain} has no TXT record ${proofName(domain)} with the value ${proofValue(token)}. Add it and retry.`,
          );
        }
        const values = { verifiedAt: new Date() };
        const what = {
          action: "verified-domains.verify",
          resource: { type: "verified_domain", id },
          after: { domain, ...values },
        };
        const owner = principal.tenantId;
        const [[row]] = await commitWithAudit(c, what, (audit) =>
          db.batch([updateRow(db, kind.table, kind.columns, { owner, id }, values), audit]),
        ).catch((error: unknown) => {
          if (!isUniqueViolation(error)) throw error;
          throw new GatewayError("conflict", `Domain ${domain} is verified by another organization.`);
        });
        return c.json(pickFields({ ...before, ...values, ...row }, Object.keys(kind.shape.shape)));
      },
    )
    .route("/", collection(kind, reach));
