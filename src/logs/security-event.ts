/** Builds a security event for the log queue; its severity follows from its type. */
import { isUuid, uuidv7 } from "../core/ids.ts";
import type { NewBan } from "../core/limits/lease/sync-messages.ts";
import { SECURITY_EVENTS, type SecurityEventType } from "../core/security-events.ts";
import { EVENT_VERSION } from "./event-version.ts";
import type { LogEvent } from "./events.ts";

export interface SecurityEventFacts {
  readonly type: SecurityEventType;
  readonly at: number;
  /** Undefined where no tenant is known. */
  readonly tenantId?: string | undefined;
  readonly description: string;
  readonly userId?: string | undefined;
  readonly apiKeyId?: string | undefined;
  readonly serverId?: string | undefined;
  readonly ipAddress?: string | undefined;
  readonly requestId?: string | undefined;
  readonly details?: Record<string, unknown> | undefined;
}

export function createSecurityEvent({ type, at, tenantId, ...facts }: SecurityEventFacts): LogEvent {
  return {
    v: EVENT_VERSION,
    kind: "security",
    id: uuidv7(at),
    at,
    tenantId: tenantId ?? null,
    eventType: type,
    severity: SECURITY_EVENTS[type],
    ...facts,
  };
}

/** A ban that an address has just received; `trafficId` is a tenant, or names the traffic of no tenant. */
export function banEvent(trafficId: string, { place, forMs, violations }: NewBan, at: number): LogEvent {
  const seconds = Math.ceil(forMs / 1000);
  return createSecurityEvent({
    type: "address.banned",
    at,
    tenantId: isUuid(trafficId) ? trafficId : undefined,
    description: `IP address ${place} is banned for ${seconds} s after repeated rate-limit violations.`,
    ipAddress: place,
    details: { seconds, violations },
  });
}
