/** The REST interface, /api/v1: one file a kind of thing, each route guarded by its action. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { GatewayError } from "../core/errors.ts";
import type { AppEnv } from "../edge/context.ts";
import { accessControls } from "./access-controls.ts";
import { activeRequests } from "./active-requests.ts";
import { access } from "./explain.ts";
import { invitations } from "./invitations.ts";
import { keys } from "./keys.ts";
import { legacyKeys } from "./legacy-keys.ts";
import { me } from "./me.ts";
import { members } from "./members.ts";
import { serviceAccounts } from "./service-accounts.ts";
import { sessions } from "./sessions.ts";
import { tenant } from "./tenant.ts";
import { tenants } from "./tenants.ts";

/** Configuration is small; whoever sends more is mistaken or worse. */
const MOST_BYTES = 256 * 1024;

export const v1 = new Hono<AppEnv>()
  .use(
    bodyLimit({
      maxSize: MOST_BYTES,
      onError: () => {
        throw new GatewayError("payload_too_large", `Send at most ${MOST_BYTES} bytes.`);
      },
    }),
  )
  .route("/active-requests", activeRequests)
  .route("/me", me)
  .route("/keys", keys)
  .route("/legacy-keys", legacyKeys)
  .route("/service-accounts", serviceAccounts)
  .route("/access-controls", accessControls)
  .route("/access", access)
  .route("/sessions", sessions)
  .route("/tenant", tenant)
  .route("/tenants", tenants)
  .route("/members", members)
  .route("/invitations", invitations);
