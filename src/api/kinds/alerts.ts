/** Rules on what is measured, and who is told when one is broken. */
import { z } from "zod";
import { ALERT_COMPARISONS, SEVERITIES } from "../../core/vocabulary.ts";
import { performanceAlerts as table } from "../../db/schema/operations.ts";
import { judgeUrl } from "../../upstream/url-guard.ts";
import { kind } from "../collection/kind.ts";
import { prose, title } from "./members.ts";

/** Judged again when something is sent there, by the policy of the place where the gateway runs. */
const webhook = z
  .string()
  .max(500)
  .check((ctx) => {
    const verdict = judgeUrl(ctx.value, { allowLoopback: true });
    if (!verdict.ok) ctx.issues.push({ code: "custom", message: verdict.reason, input: ctx.value });
  });

const channels = z
  .array(
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("webhook"), url: webhook }),
      z.strictObject({ type: z.literal("email"), to: z.email().max(320) }),
    ]),
  )
  .max(20);

const aWeek = 604_800;
const measure = z.number().min(-1e15).max(1e15);

export const alerts = kind({
  name: "alerts",
  noun: "alert",
  table,
  fields: {
    name: title,
    description: prose.nullable(),
    metric: z.string().regex(/^[a-z][a-z0-9_.]{0,99}$/, "takes small letters, digits, dots and underscores"),
    comparison: z.enum(ALERT_COMPARISONS),
    threshold: measure,
    /** An open alert ends only on the far side of this. Null: of the threshold. */
    resolveThreshold: measure.nullable(),
    windowSeconds: z.number().int().min(1).max(aWeek),
    forSeconds: z.number().int().min(0).max(aWeek),
    severity: z.enum(SEVERITIES),
    /** Null: all servers together. */
    serverId: z.uuid().nullable(),
    channels,
    isActive: z.boolean(),
  },
  known: { channels },
  sorts: ["name", "metric", "severity", "createdAt", "updatedAt"],
  usual: "name",
  filters: ["metric", "severity", "serverId", "isActive"],
  searched: ["name", "description"],
  example: {
    name: "Too many errors",
    metric: "error_rate",
    comparison: "gt",
    threshold: 0.05,
    resolveThreshold: 0.02,
    severity: "high",
    channels: [{ type: "email", to: "oncall@example.com" }],
  },
});
