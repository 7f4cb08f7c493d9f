/** Maintenance windows; core/maintenance/windows.ts evaluates them. */
import { z } from "zod";
import { isRecurrence } from "../../core/maintenance/recurrence.ts";
import { maintenanceWindows as table } from "../../db/schema/operations.ts";
import { moment } from "../http/times.ts";
import { defineResource } from "../resource/define.ts";
import { isInOrder, prose, timeZone, title } from "./members.ts";

const LONGEST_MS = 400 * 86_400_000;

const times = z.object({
  startsAt: z.date(),
  endsAt: z.date(),
  recurrence: z.string().nullish(),
  timeZone: z.string().default("UTC"),
});

export const maintenanceWindows = defineResource({
  name: "maintenance-windows",
  noun: "maintenance window",
  table,
  fields: {
    /** Null: every server. */
    serverId: z.uuid().nullable(),
    title,
    description: prose.nullable(),
    startsAt: moment,
    endsAt: moment,
    /** Five fields of cron; the first window determines how long each lasts. */
    recurrence: z.string().min(1).max(100).nullable(),
    timeZone,
    isActive: z.boolean(),
  },
  sorts: ["startsAt", "endsAt", "title", "createdAt", "updatedAt"],
  usual: "-startsAt",
  filters: ["serverId", "isActive"],
  searched: ["title", "description"],
  whole: times
    .refine(({ startsAt, endsAt }) => isInOrder(startsAt, endsAt), {
      path: ["endsAt"],
      message: "must be after startsAt",
    })
    .refine(({ startsAt, endsAt }) => endsAt.getTime() - startsAt.getTime() <= LONGEST_MS, {
      path: ["endsAt"],
      message: "must be at most 400 days after startsAt",
    })
    .refine((window) => window.recurrence == null || isRecurrence(window.recurrence, window.timeZone), {
      path: ["recurrence"],
      message: "must be a cron expression with five fields, for example 0 3 * * 0",
    }),
  example: {
    title: "Sunday maintenance",
    startsAt: "2026-11-22T03:00:00Z",
    endsAt: "2026-11-22T04:00:00Z",
    recurrence: "0 3 * * 0",
    timeZone: "Europe/Vienna",
  },
});
