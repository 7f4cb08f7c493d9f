/** The document that describes the gateway as an OAuth client: its URL is the client ID that authorization servers fetch. */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { CLIENT_DOCUMENT_PATH, createClientMetadata } from "../../core/oauth-client/client-registration.ts";
import { unauthenticated } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";

export const oauthClientDocument = new Hono<AppEnv>()
  .use(CLIENT_DOCUMENT_PATH, cors({ origin: "*", allowMethods: ["GET"], maxAge: 86_400 }))
  .get(CLIENT_DOCUMENT_PATH, unauthenticated("general"), (c) => {
    const { publicUrl } = c.get("config");
    const document = { client_id: publicUrl + CLIENT_DOCUMENT_PATH, ...createClientMetadata(publicUrl) };
    return c.json(document, 200, { "cache-control": "public, max-age=3600" });
  });
