/** The Hono context of the routes of the official registry protocol. */
import type { Context } from "hono";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";
import type { EndpointLookup } from "../../registry/official-entry.ts";

/** Set by `registry`: whose registry stands in the path. */
export interface RegistryEnv extends AppEnv {
  Variables: AppEnv["Variables"] & {
    registry: { readonly tenantId: string; readonly isPublic: boolean; readonly endpoints: EndpointLookup };
  };
}

export type RegistryContext = Context<RegistryEnv & GuardedEnv>;
