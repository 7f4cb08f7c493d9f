/** The pages on how traffic is limited, steered and protected. */
import type { PageGroup } from "../ui/navigation.ts";
import { ipRules } from "./ip-rules.tsx";
import { rateLimits } from "./rate-limits.tsx";

export const trafficPages: readonly PageGroup[] = [rateLimits, ipRules];
