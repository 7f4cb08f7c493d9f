/** Bindings of keys, OAuth clients, groups and roles to toolsets: what they mean is in core/toolsets/bindings.ts. */
import { z } from "zod";
import { BINDING_SUBJECTS, ROLES } from "../../core/enums.ts";
import { isUuid } from "../../core/ids.ts";
import { findAnyKey } from "../../db/queries/access/access-rules.ts";
import { assertGroupExists, findGroup } from "../../db/queries/identity/groups.ts";
import { findToolset } from "../../db/queries/tenants/toolsets.ts";
import { toolsetBindings as table } from "../../db/schema/toolsets.ts";
import { defineResource } from "../resource/define.ts";

const binding = z.object({
  subjectType: z.enum(BINDING_SUBJECTS),
  subjectId: z.string(),
  toolsetId: z.string(),
});

const isRole = (text: string) => ROLES.some((role) => role === text);

export const toolsetBindings = defineResource({
  name: "toolset-bindings",
  noun: "toolset binding",
  table,
  fields: {
    subjectType: z.enum(BINDING_SUBJECTS),
    subjectId: z
      .string()
      .min(1)
      .max(2000)
      .describe("The ID of an API key or group, the client ID of an OAuth client, or a role."),
    toolsetId: z.uuid(),
  },
  fixed: ["subjectType", "subjectId"],
  sorts: ["subjectType", "createdAt", "updatedAt"],
  usual: "subjectType",
  filters: ["subjectType", "subjectId", "toolsetId"],
  async faults({ db, owner, coming }, row) {
    if (owner === null) return [];
    const { subjectType, subjectId, toolsetId } = binding.parse(row);
    const isThere = async (id: string, find: typeof findGroup | typeof findAnyKey | typeof findToolset) =>
      coming?.has(id) === true || (isUuid(id) && (await find(db, owner, id)).length > 0);
    const isSubject = {
      key: () => isThere(subjectId, findAnyKey),
      group: () => isThere(subjectId, findGroup),
      role: async () => isRole(subjectId),
      // Clients are registered by themselves, and a binding can come before its client.
      client: async () => true,
    }[subjectType];
    return [
      ...((await isSubject()) ? [] : [{ path: "/subjectId", message: `unknown ${subjectType}` }]),
      ...((await isThere(toolsetId, findToolset))
        ? []
        : [{ path: "/toolsetId", message: "unknown toolset" }]),
    ];
  },
  hooks: {
    /** The group stays until the batch is through. */
    alongside({ var: { principal } }, db, row) {
      const { subjectType, subjectId } = binding.parse(row);
      return subjectType === "group" ? [assertGroupExists(db, principal.tenantId, subjectId)] : [];
    },
  },
  example: {
    subjectType: "role",
    subjectId: "readonly",
    toolsetId: "01890a5d-ac96-774b-bcce-b302099a805a",
  },
});
