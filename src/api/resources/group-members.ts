/** Memberships in groups, each with a role in the group and an expiry. */
import { z } from "zod";
import { GROUP_ROLES, GROUP_SOURCES } from "../../core/enums.ts";
import { GatewayError } from "../../core/errors.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import { findGroup } from "../../db/queries/identity/groups.ts";
import { groupMembers as table } from "../../db/schema/groups.ts";
import { moment } from "../http/times.ts";
import { defineResource } from "../resource/define.ts";

const references = z.object({ groupId: z.string(), userId: z.string() });
const stored = z.object({ source: z.enum(GROUP_SOURCES) });

export const groupMembers = defineResource({
  name: "group-members",
  noun: "group member",
  table,
  fields: {
    groupId: z.uuid(),
    userId: z.string().min(1).max(100),
    role: z.enum(GROUP_ROLES),
    expiresAt: moment
      .nullable()
      .describe("From then on the membership has no effect. Null: it does not expire."),
  },
  fixed: ["groupId", "userId"],
  sorts: ["role", "expiresAt", "createdAt", "updatedAt"],
  usual: "createdAt",
  filters: ["groupId", "userId", "role", "source"],
  async faults({ db, owner }, row) {
    if (owner === null) return [];
    const { groupId, userId } = references.parse(row);
    const [group, member] = await Promise.all([
      findGroup(db, owner, groupId),
      findMemberRole(db, owner, userId),
    ]);
    return [
      ...(group.length > 0 ? [] : [{ path: "/groupId", message: "unknown group" }]),
      ...(member.length > 0 ? [] : [{ path: "/userId", message: "unknown member" }]),
    ];
  },
  hooks: {
    assertDeletable(row) {
      const { source } = stored.parse(row);
      if (source === "manual") return;
      throw new GatewayError(
        "conflict",
        `The membership is provisioned (${source}). Remove the member at the identity provider, or set expiresAt to end the membership.`,
      );
    },
  },
  example: {
    groupId: "01890a5d-ac96-774b-bcce-b302099a8058",
    userId: "01890a5d-ac96-774b-bcce-b302099a8059",
    role: "publisher",
  },
});
