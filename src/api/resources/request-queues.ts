/** How many requests may wait for a server that is busy, and how long; api/servers/queues.ts shows how many do. */
import { z } from "zod";
import { requestQueues as table } from "../../db/schema/traffic.ts";
import { defineResource } from "../resource/define.ts";

export const requestQueues = defineResource({
  name: "request-queues",
  noun: "request queue",
  table,
  fields: {
    serverId: z.uuid(),
    isEnabled: z.boolean(),
    maxSize: z.number().int().min(0).max(100_000),
    maxWaitMs: z.number().int().min(0).max(600_000),
  },
  fixed: ["serverId"],
  sorts: ["maxSize", "maxWaitMs", "createdAt", "updatedAt"],
  usual: "-createdAt",
  filters: ["serverId", "isEnabled"],
  example: { serverId: "01890a5d-ac96-774b-bcce-b302099a8057", maxSize: 200, maxWaitMs: 5000 },
});
