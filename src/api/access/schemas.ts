/** Schemas of an access rule. */
import { z } from "zod";
import { compilePattern, MAX_PATTERN_LENGTH } from "../../core/access/patterns.ts";
import { ACCESS_EFFECTS, ACCESS_OBJECTS, ROLES } from "../../core/enums.ts";
import { moment as anyMoment } from "../http/times.ts";

const moment = anyMoment.nullable();
const hour = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be a time in HH:MM format")
  .nullable();

const pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_LENGTH)
  .refine((text) => compilePattern(text) !== undefined, "has an unbalanced brace or trailing backslash");

const subject = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("user"), id: z.string().min(1).max(200) }),
  z.strictObject({ type: z.literal("role"), id: z.enum(ROLES) }),
  z.strictObject({ type: z.literal("key"), id: z.uuid() }),
  z.strictObject({ type: z.literal("group"), id: z.uuid() }),
]);

const fields = {
  subject,
  objectType: z.enum(ACCESS_OBJECTS),
  /** Null: on any server. */
  serverId: z.uuid().nullable(),
  /** `*`, `?`, `{a,b}`. Of a rule on servers it is held against the server's name, on toolsets against the slug. */
  objectPattern: pattern,
  effect: z.enum(ACCESS_EFFECTS),
  validFrom: moment,
  validUntil: moment,
  /** ISO weekdays, Monday 1 to Sunday 7, in the tenant's time zone. */
  daysOfWeek: z.array(z.number().int().min(1).max(7)).min(1).max(7).nullable(),
  startTime: hour,
  /** Before the start: on the next day. */
  endTime: hour,
  reason: z.string().max(2000).nullable(),
  isActive: z.boolean(),
};

export const newAccessRule = z
  .strictObject({
    ...fields,
    serverId: fields.serverId.default(null),
    objectPattern: pattern.default("*"),
    validFrom: moment.default(null),
    validUntil: moment.default(null),
    daysOfWeek: fields.daysOfWeek.default(null),
    startTime: hour.default(null),
    endTime: hour.default(null),
    reason: fields.reason.default(null),
    isActive: z.boolean().default(true),
  })
  .meta({
    examples: [
      {
        subject: { type: "role", id: "user" },
        objectType: "tool",
        objectPattern: "delete_*",
        effect: "deny",
      },
    ],
  });

export const accessRuleChange = z
  .strictObject(fields)
  .partial()
  .refine((change) => Object.keys(change).length > 0, "Provide at least one field to update.")
  .meta({ examples: [{ reason: "Agreed on Monday." }] });

interface Times {
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
  readonly startTime: string | null;
  readonly endTime: string | null;
}

interface Rule extends Times {
  readonly objectType: (typeof ACCESS_OBJECTS)[number];
  readonly serverId: string | null;
}

/** Checks across fields. */
export function findRuleFault({ validFrom, validUntil, startTime, endTime, objectType, serverId }: Rule) {
  if (objectType === "toolset" && serverId !== null) {
    return { path: "/serverId", message: "must be null for a toolset, which is of no server" };
  }
  if (validFrom !== null && validUntil !== null && validFrom >= validUntil) {
    return { path: "/validUntil", message: "must be after validFrom" };
  }
  if ((startTime === null) !== (endTime === null)) {
    return {
      path: startTime === null ? "/startTime" : "/endTime",
      message: "is required when the other time is set",
    };
  }
  return undefined;
}
