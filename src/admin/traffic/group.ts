/** The pages on how traffic is limited, steered and protected. */
import type { PageGroup } from "../ui/navigation.ts";
import { breakers } from "./breakers.tsx";
import { ipRules } from "./ip-rules.tsx";
import { rateLimits } from "./rate-limits.tsx";
import { routingRules } from "./routing-rules.tsx";

export const trafficPages: readonly PageGroup[] = [routingRules, breakers, rateLimits, ipRules];
