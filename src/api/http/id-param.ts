/** The path parameter of routes on one resource. */
import { z } from "zod";

export const idParam = z.object({ id: z.uuid() });
