/** The result of an action, shown once on the next page, with a way to undo it where there is one. */
import { z } from "zod";

export const flashShape = z.object({
  says: z.string(),
  /** The action failed. */
  bad: z.boolean().optional(),
  /** A creation through the REST API that restores the former state. */
  undo: z.object({ api: z.string(), back: z.string(), body: z.record(z.string(), z.unknown()) }).optional(),
});

export type Flash = z.infer<typeof flashShape>;

/** With its sealed text, which the form that undoes the action posts. */
export interface ShownFlash extends Flash {
  readonly sealed: string;
}
