/** Announcements. ../settings/announcements.ts has their acknowledgments. */
import { z } from "zod";
import { ROLES, SEVERITIES } from "../../core/enums.ts";
import { systemAnnouncements as table } from "../../db/schema/operations.ts";
import { moment } from "../http/times.ts";
import { defineResource } from "../resource/define.ts";
import { isInOrder, title } from "./members.ts";

export const announcements = defineResource({
  name: "announcements",
  noun: "announcement",
  table,
  fields: {
    title,
    body: z.string().min(1).max(20_000),
    severity: z.enum(SEVERITIES),
    /** The roles that see it. Default: all roles. */
    audience: z.array(z.enum(ROLES)).max(ROLES.length),
    startsAt: moment,
    endsAt: moment.nullable(),
    requiresAcknowledgement: z.boolean(),
    isActive: z.boolean(),
  },
  sorts: ["startsAt", "title", "severity", "createdAt", "updatedAt"],
  usual: "-startsAt",
  filters: ["severity", "isActive", "requiresAcknowledgement"],
  searched: ["title", "body"],
  whole: z
    .object({ startsAt: z.date().optional(), endsAt: z.date().nullish() })
    .refine(({ startsAt, endsAt }) => isInOrder(startsAt ?? new Date(), endsAt), {
      path: ["endsAt"],
      message: "must be after startsAt",
    }),
  example: {
    title: "We move on Friday",
    body: "The gateway is unavailable for one minute.",
    severity: "info",
  },
});
