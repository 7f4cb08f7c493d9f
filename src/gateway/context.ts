/** What serving one MCP request needs of the world around it. */
import type { Keyring } from "../core/keyring.ts";
import type { Principal } from "../identity/principal.ts";
import type { TenantSnapshot } from "../policy/snapshot.ts";
import type { UpstreamTools } from "../upstream/http.ts";
import type { SessionIds } from "./session-ids.ts";

export interface McpContext {
  readonly principal: Principal;
  readonly tenant: TenantSnapshot;
  readonly keyring: Keyring;
  readonly sessionIds: SessionIds;
  readonly upstream: UpstreamTools;
  readonly maxBodyBytes: number;
  /** Keeps work alive after the answer has begun (`waitUntil`). */
  readonly background: (work: Promise<unknown>) => void;
}
