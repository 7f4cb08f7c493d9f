/** What a principal may see and use of a tenant's servers, as the gateway asks for it. */
import type { Principal } from "../identity/principal.ts";
import type { TenantSnapshot } from "./snapshot.ts";

export type UseKind = "server" | "tool" | "prompt" | "resource";

export interface Access {
  /** What is shown depends on who asks: nothing of it may be cached for others. */
  readonly isPersonal: boolean;
  /** `name` is the server's own: a tool's or a prompt's name, a resource's URI or template; the server's name for the server. */
  allows(kind: UseKind, serverId: string, name: string): boolean;
}

export function accessOf(_principal: Principal, _tenant: TenantSnapshot, _now: Date): Access {
  return { isPersonal: false, allows: () => true };
}
