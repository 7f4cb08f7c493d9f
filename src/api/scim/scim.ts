/** SCIM 2.0 (RFC 7643, RFC 7644) at /scim/v2: users and groups, provisioned by the identity provider of a tenant. */
import { Hono } from "hono";
import { errorHeaders } from "../../core/errors.ts";
import { ScimError } from "../../core/scim/scim-error.ts";
import { logFailure } from "../../logs/log-failure.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { describeError } from "../../middleware/errors.ts";
import { authenticateScim } from "./authenticate.ts";
import { RESOURCE_TYPES, SCHEMAS, SERVICE_PROVIDER_CONFIG } from "./description.ts";
import { scimGroups } from "./groups.ts";
import { createErrorResponse, sendScim, toList } from "./responses.ts";
import { scimUsers } from "./users.ts";

export const scim = new Hono<AppEnv>();

scim.onError((thrown, c) => {
  if (thrown instanceof ScimError) return createErrorResponse(thrown);
  const error = describeError(thrown);
  if (error.status >= 500) {
    logFailure(error, { requestId: c.get("requestId"), method: c.req.method, path: c.req.path });
  }
  const response = createErrorResponse(new ScimError(error.status, error.message));
  for (const [name, value] of Object.entries(errorHeaders(error))) response.headers.set(name, value);
  return response;
});

scim.use(authenticateScim);
scim
  .get("/ServiceProviderConfig", (c) => sendScim(c, SERVICE_PROVIDER_CONFIG))
  .get("/ResourceTypes", (c) => sendScim(c, toList(RESOURCE_TYPES, RESOURCE_TYPES.length, 1)))
  .get("/Schemas", (c) => sendScim(c, toList(SCHEMAS, SCHEMAS.length, 1)))
  .route("/Users", scimUsers)
  .route("/Groups", scimGroups)
  .all("/*", () => {
    throw new ScimError(404, "No resource exists at this URL.");
  });
