/** What benchmark and index tests hand to a query, and get from it; apart from the code that needs a driver. */
import type { Transport } from "../../../src/core/enums.ts";

/** Any of Drizzle's builders. */
export interface Statement {
  toSQL(): { sql: string; params: unknown[] };
}

/** A tenant and things of its, picked from the seeded data. */
export interface Sample {
  tenantId: string;
  size: "big" | "middle" | "small";
  serverId: string;
  serverPath: string;
  endpointUrl: string;
  transport: Transport;
  toolName: string;
  uri: string;
  mimeType: string;
  userId: string;
  authProvider: string;
  authProviderId: string;
  sessionToken: string;
  keyId: string;
  keyHash: string;
  ipAddress: string;
  resource: { action: string; resourceType: string; resourceId: string };
  invitationHash: string;
}
