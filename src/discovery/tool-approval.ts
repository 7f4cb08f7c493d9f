/** What a person has decided about a tool that changed: the statements, to be committed with the record of it. */
import type { Db } from "../db/client.ts";
import { recordSecurityEvent } from "../db/queries/logs/security.ts";
import { saveTools } from "../db/queries/servers/inventory.ts";
import { approvePin, type findPin, rejectPin } from "../db/queries/servers/pins.ts";
import { toToolRow } from "./inventory-rows.ts";

export type ShownPin = Awaited<ReturnType<typeof findPin>>[number];

export interface Approver {
  readonly tenantId: string;
  readonly userId: string | null;
}

/** What the server offers now is from now on what is approved. */
export function approveTool(db: Db, pin: ShownPin, by: Approver) {
  const { id, serverId, revision, pendingDefinition, pendingHash } = pin;
  const { tenantId } = by;
  const hash = pendingHash ?? pin.hash;
  const row = toToolRow({ hash, definition: pendingDefinition ?? pin.definition });
  return {
    pin: approvePin(db, { tenantId, id, revision, by: by.userId }),
    rest: [
      // The tables had the approved definition until now.
      saveTools(db, { tenantId, serverId }, [row]),
      recordSecurityEvent(db, createEvent(pin, by, "tool.approved", "was approved")),
    ] as const,
  };
}

export function rejectTool(db: Db, pin: ShownPin, by: Approver) {
  const { id, revision } = pin;
  return {
    pin: rejectPin(db, { tenantId: by.tenantId, id, revision, by: by.userId }),
    rest: [recordSecurityEvent(db, createEvent(pin, by, "tool.rejected", "was blocked"))] as const,
  };
}

function createEvent(pin: ShownPin, by: Approver, type: "tool.approved" | "tool.rejected", outcome: string) {
  const { serverId, serverName, tool, hash, pendingHash } = pin;
  return {
    type,
    tenantId: by.tenantId,
    userId: by.userId,
    serverId,
    description: `Changed tool ${tool} of server ${serverName} ${outcome}.`,
    details: { tool, before: hash, after: pendingHash },
  };
}
