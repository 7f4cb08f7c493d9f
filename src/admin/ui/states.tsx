/** States that many pages show, each with its tone. */
import type { BreakerState, HealthStatus, Severity } from "../../core/enums.ts";
import { Badge, type Tone } from "./components.tsx";

const HEALTH: Record<HealthStatus, Tone> = {
  healthy: "good",
  degraded: "warn",
  unhealthy: "bad",
  maintenance: "plain",
  unknown: "off",
};

export const healthTone = (status: HealthStatus): Tone => HEALTH[status];

export const Health = ({ of }: { of: HealthStatus }) => <Badge tone={HEALTH[of]}>{of}</Badge>;

const SEVERITY: Record<Severity, Tone> = {
  info: "plain",
  low: "plain",
  medium: "warn",
  high: "bad",
  critical: "bad",
};

export const SeverityBadge = ({ of }: { of: Severity }) => <Badge tone={SEVERITY[of]}>{of}</Badge>;

const BREAKER: Record<BreakerState, Tone> = { closed: "good", half_open: "warn", open: "bad" };

export const Breaker = ({ of }: { of: BreakerState }) => (
  <Badge tone={BREAKER[of]}>{of.replace("_", "-")}</Badge>
);
