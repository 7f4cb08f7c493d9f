/** Moments as they come in: ISO 8601 with an offset, of years that the database and every client can write. */
import { z } from "zod";

export const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((date) => date.getUTCFullYear() >= 1900 && date.getUTCFullYear() < 9999, "is out of range");
