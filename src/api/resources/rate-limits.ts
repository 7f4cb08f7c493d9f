/** How many requests a subject may send: read by core/limits/policy.ts. */
import { z } from "zod";
import { LIMIT_SUBJECTS, ROLES } from "../../core/enums.ts";
import { isUuid } from "../../core/ids.ts";
import { findAnyKey } from "../../db/queries/access/access-rules.ts";
import { findMemberRole } from "../../db/queries/access/api-keys.ts";
import { assertGroupExists, findGroup } from "../../db/queries/identity/groups.ts";
import { rateLimitConfigs as table } from "../../db/schema/traffic.ts";
import { defineResource } from "../resource/define.ts";
import { count } from "./members.ts";

/** Unauthenticated callers have the pseudo-role "anonymous". */
const LIMITED_ROLES: readonly string[] = [...ROLES, "anonymous"];
const WITHOUT_ID: readonly string[] = ["global", "tenant", "ip", "server", "tool"];
/** Subjects that a row can limit at one server. */
const WITH_SERVER: readonly string[] = ["role", "user", "key", "group", "ip", "server", "tool"];

const subject = z.object({
  subjectType: z.enum(LIMIT_SUBJECTS),
  subjectId: z.string().nullish(),
  serverId: z.string().nullish(),
  toolName: z.string().nullish(),
  windowSeconds: z.number().default(60),
  burstFactor: z.number().default(1),
});

export const rateLimits = defineResource({
  name: "rate-limits",
  noun: "rate limit",
  table,
  fields: {
    subjectType: z.enum(LIMIT_SUBJECTS),
    /** A role, a user, a key or a group, whose members share the limit. Null: each of the kind. */
    subjectId: z.string().min(1).max(200).nullable(),
    serverId: z.uuid().nullable(),
    toolName: z.string().min(1).max(255).nullable(),
    limitCount: count,
    windowSeconds: z.number().int().min(1).max(86_400),
    burstFactor: z.number().min(1).max(100),
    isActive: z.boolean(),
  },
  fixed: ["subjectType", "subjectId", "serverId", "toolName"],
  sorts: ["subjectType", "limitCount", "windowSeconds", "createdAt", "updatedAt"],
  usual: "subjectType",
  filters: ["subjectType", "subjectId", "serverId", "isActive"],
  whole: subject
    .refine(({ subjectType, subjectId }) => subjectId == null || !WITHOUT_ID.includes(subjectType), {
      path: ["subjectId"],
      message: "is allowed only for roles, users, keys and groups",
    })
    .refine(({ subjectType, serverId }) => serverId == null || WITH_SERVER.includes(subjectType), {
      path: ["serverId"],
      message: `is allowed only for ${WITH_SERVER.join(", ")}`,
    })
    .refine(({ subjectType, toolName }) => toolName == null || subjectType !== "server", {
      path: ["toolName"],
      message: "is not allowed for servers; the subject of a tool's limit is tool",
    })
    .refine(({ serverId, toolName }) => toolName == null || serverId != null, {
      path: ["serverId"],
      message: "is required for the limit of a tool",
    })
    .refine(({ subjectType, windowSeconds }) => subjectType !== "global" || windowSeconds === 60, {
      path: ["windowSeconds"],
      message: "must be 60 for the limit of the whole system",
    })
    .refine(({ subjectType, burstFactor }) => subjectType !== "global" || burstFactor === 1, {
      path: ["burstFactor"],
      message: "must be 1 for the limit of the whole system",
    })
    .refine(
      ({ subjectType, subjectId }) =>
        subjectType !== "role" || subjectId == null || LIMITED_ROLES.includes(subjectId),
      {
        path: ["subjectId"],
        message: `must be one of ${LIMITED_ROLES.join(", ")}`,
      },
    ),
  async faults({ db, owner, coming }, row) {
    const { subjectType, subjectId, serverId } = subject.parse(row);
    const fault = (path: string, message: string) => [{ path, message }];
    if (owner === null && serverId != null) return fault("/serverId", "belongs to an organization");
    if (owner === null) return [];
    if (subjectType === "global") return fault("/subjectType", "requires operator privileges");
    if (subjectId == null) return [];
    if (subjectType === "user" && (await findMemberRole(db, owner, subjectId)).length === 0) {
      return fault("/subjectId", "unknown member");
    }
    if (subjectType !== "key" && subjectType !== "group") return [];
    const find = subjectType === "key" ? findAnyKey : findGroup;
    const isKnown = isUuid(subjectId) && (await find(db, owner, subjectId)).length > 0;
    const noun = subjectType === "key" ? "API key" : "group";
    return isKnown || coming?.has(subjectId) === true ? [] : fault("/subjectId", `unknown ${noun}`);
  },
  hooks: {
    /** The group stays until the batch is through. */
    alongside({ var: { principal } }, db, row) {
      const { subjectType, subjectId } = subject.parse(row);
      return subjectType === "group" && subjectId != null
        ? [assertGroupExists(db, principal.tenantId, subjectId)]
        : [];
    },
  },
  example: { subjectType: "role", subjectId: "user", limitCount: 200, windowSeconds: 60, burstFactor: 2 },
});
