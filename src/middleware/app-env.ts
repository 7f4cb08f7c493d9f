/** What middleware puts on a request; each variable is set by exactly one of them. */
import type { Config } from "../env.ts";
import type { Services } from "../services.ts";

export interface AppEnv {
  Bindings: Env;
  Variables: {
    /** middleware/request-id */
    requestId: string;
    /** middleware/services */
    config: Config;
    services: Services;
    /** middleware/internal-requests: made by a page within the process. */
    isInternal: boolean;
    /** middleware/limit-headers; middleware/admission adds to it. */
    limitHeaders: Record<string, string>;
  };
}
