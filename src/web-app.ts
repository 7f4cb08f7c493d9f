/** The web app: middleware in order, then the registry protocol, REST, sign-in and pages. */
import { type Context, Hono } from "hono";
import type { AdminEnv } from "./admin/http/page-env.ts";
import { pages } from "./admin/pages.ts";
import { failurePage } from "./admin/ui/failure.tsx";
import { connectorDialIn } from "./api/connectors/dial-in.ts";
import { registryV0 } from "./api/registry-v0.ts";
import { scim } from "./api/scim/scim.ts";
import { auth } from "./api/system/auth.ts";
import { health } from "./api/system/health.ts";
import { identity } from "./api/system/identity.ts";
import { metrics } from "./api/system/metrics.ts";
import { oauthClientDocument } from "./api/system/oauth-client.ts";
import { wellKnown } from "./api/system/well-known.ts";
import { v1 } from "./api/v1.ts";
import { admitWithoutPrincipal } from "./middleware/admission.ts";
import { allowedMethods } from "./middleware/allowed-methods.ts";
import type { AppEnv } from "./middleware/app-env.ts";
import { bodyLimit } from "./middleware/body-limit.ts";
import { notFound, onError } from "./middleware/errors.ts";
import { internalRequests, markInternal } from "./middleware/internal-requests.ts";
import { limitHeaders } from "./middleware/limit-headers.ts";
import { mcpOrigin } from "./middleware/mcp-origin.ts";
import { provideServices } from "./middleware/provide-services.ts";
import { recordDenials } from "./middleware/record-denials.ts";
import { requestId } from "./middleware/request-id.ts";
import { requestLog } from "./middleware/request-log.ts";
import { documentHeaders, securityHeaders } from "./middleware/security-headers.ts";

export function createWebApp(rootApp: Hono<AppEnv>) {
  const app = new Hono<AppEnv>();
  // A request for a page gets an error page.
  app.onError(async (thrown, c) => (await failurePage(thrown, c)) ?? onError(thrown, c));
  app.notFound(async (c) => {
    await admitWithoutPrincipal(c, "general");
    return notFound(c, allowedMethods(app, c.req.path));
  });
  app.use(requestId, provideServices, internalRequests);
  app.use(requestLog, recordDenials, limitHeaders, mcpOrigin);
  app.use(bodyLimit);
  // Read by programs and pages of any origin.
  app.use("/r/*", documentHeaders);
  app.route("/r", registryV0);
  // The pages are clients of the REST interface, without leaving the process.
  for (const path of ["/admin/*", "/account/*", "/oauth/upstream/*"]) {
    app.use(path, async (c: Context<AdminEnv>, next) => {
      c.set("restApi", async (request) => rootApp.fetch(markInternal(request), c.env, c.executionCtx));
      await next();
    });
  }
  return app
    .use(securityHeaders)
    .route("/", health)
    .route("/", metrics)
    .route("/.well-known", wellKnown)
    .route("/", oauthClientDocument)
    .route("/identity", identity)
    .route("/api/auth", auth)
    .route("/api/v1", v1)
    .route("/scim/v2", scim)
    .route("/connect", connectorDialIn)
    .route("/", pages);
}
