/** How a tenant stands, as a badge. */
import type { TenantStatus } from "../../core/enums.ts";
import { Badge, type Tone } from "../ui/components.tsx";

const TONES: Record<TenantStatus, Tone> = { active: "plain", suspended: "warn", archived: "off" };

export const Status = ({ of }: { of: TenantStatus }) => <Badge tone={TONES[of]}>{of}</Badge>;
