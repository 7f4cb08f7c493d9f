/**
 * How servers verify the gateway's tokens about its callers: the keys that sign it (RFC 7517), and a document for each issuer
 * (OpenID Connect Discovery), from which federations read the keys.
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { publishIdentityKeys } from "../../connected-accounts/identity-keys.ts";
import { IDENTITY_KEYS_PATH, toIdentityIssuer } from "../../core/identity-token/claims.ts";
import { isUuid } from "../../core/ids.ts";
import { unauthenticated } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";

/** New keys are published for much longer before they sign. */
const CACHED = { "cache-control": "public, max-age=300" };

export const identity = new Hono<AppEnv>()
  .use(cors({ origin: "*", allowMethods: ["GET"], maxAge: 86_400 }))
  .use(unauthenticated("general"))
  .get("/jwks.json", async (c) => {
    const { database, keyring } = c.get("services");
    return c.json(await publishIdentityKeys({ database, keyring, now: Date.now }), 200, CACHED);
  })
  .get("/:tenant/.well-known/openid-configuration", (c) => {
    const { publicUrl } = c.get("config");
    const tenantId = c.req.param("tenant");
    if (!isUuid(tenantId)) return c.notFound();
    const document = {
      issuer: toIdentityIssuer(publicUrl, tenantId),
      jwks_uri: publicUrl + IDENTITY_KEYS_PATH,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    };
    return c.json(document, 200, CACHED);
  });
