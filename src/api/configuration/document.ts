/** The configuration file as a whole: one member a section. A section that is not there is left alone; one that is, is complete. */
import { z } from "zod";
import { SECTIONS } from "./sections.ts";

const MOST = 20_000;

const item = z.record(z.string(), z.unknown());

/** Items are validated one by one later, so that an error is reported with its path. */
const sections = Object.fromEntries(SECTIONS.map(({ name }) => [name, z.array(item).max(MOST).optional()]));

export const documentShape = z
  .strictObject({
    version: z.literal(1),
    tenant: z.strictObject({ name: z.string(), timeZone: z.string(), settings: item }).partial().optional(),
    ...sections,
  })
  .meta({
    id: "Configuration",
    description: "A section accepts the same fields as the corresponding REST resource.",
  });

export type Document = z.output<typeof documentShape>;

const example = {
  version: 1,
  featureFlags: [{ key: "new-catalog", name: "The new catalog", isEnabled: true }],
};

export const planned = z
  .strictObject({
    document: documentShape,
    secrets: z
      .record(z.string().max(200), z.string().max(10_000))
      .default({})
      .describe(
        "Values of the variables that the document references. Secrets without a value are unchanged.",
      ),
  })
  .meta({ examples: [{ document: example }] });

export const confirmed = planned.extend({
  hash: z.string().max(100).describe("Hash of the confirmed plan."),
});

const content = z.record(z.string(), z.unknown());

const changeShape = z.object({
  section: z.string(),
  action: z.enum(["create", "update", "delete"]),
  name: z.string(),
  before: content.optional(),
  after: content.optional(),
  secret: z.boolean().optional().describe("The secret value changes."),
});

export const planShape = z.object({ hash: z.string(), changes: z.array(changeShape) });
export const appliedShape = z.object({ hash: z.string(), applied: z.number() });

export type PlannedChange = z.output<typeof changeShape>;
