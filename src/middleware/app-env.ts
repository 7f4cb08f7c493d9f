/** What middleware puts on a request; each variable is set by exactly one of them. */
import type { Config } from "../env.ts";
import type { Services } from "../services.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: {
    /** edge/request-id */
    requestId: string;
    /** edge/services */
    config: Config;
    services: Services;
    /** edge/internal-requests: made by a page within the process. */
    isInternal: boolean;
    /** edge/limit-headers; policy/request-admission adds to it. */
    limitHeaders: Record<string, string>;
  };
}
