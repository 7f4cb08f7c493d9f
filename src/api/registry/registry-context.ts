/** The Hono context of the routes of the official registry protocol. */
import type { Context } from "hono";
import type { Principal } from "../../identity/principal.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";
import type { EndpointLookup, RegistryEntry } from "../../registry/official-entry.ts";

/** Set by `registry`: whose registry stands in the path. */
export interface RegistryEnv extends AppEnv {
  Variables: AppEnv["Variables"] & {
    /** Undefined where a request has no credential. */
    readonly principal: Principal | undefined;
    registry: {
      readonly tenantId: string;
      readonly isPublic: boolean;
      readonly endpoints: EndpointLookup;
      /** Whether the reader sees an entry: with a credential, servers of the gateway that it can use. */
      readonly isVisible: (entry: RegistryEntry) => boolean;
    };
  };
}

export type RegistryContext = Context<RegistryEnv & GuardedEnv>;
