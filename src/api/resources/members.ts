/** The schemas of members that several kinds have in common. */

import { z } from "zod";
import { isTimeZone } from "../../core/time-zone.ts";

export const title = z.string().trim().min(1).max(200);
export const prose = z.string().max(5000);
/** As Postgres' integer takes it. */
export const count = z.number().int().min(0).max(2_147_483_647);
/** Of configurations and flags: the name by which code reads them. */
export const key = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.-]{0,199}$/,
    "must contain only lowercase letters, digits, dots, hyphens and underscores",
  );

export const timeZone = z
  .string()
  .max(100)
  .refine(isTimeZone, "must be an IANA time zone, for example Europe/Vienna");

export const isInOrder = (from: Date | null | undefined, to: Date | null | undefined) =>
  from === null || from === undefined || to === null || to === undefined || from < to;
