/** What a rate limit that is not saved yet would have done in the last 24 hours. */
import { Hono } from "hono";
import { z } from "zod";
import type { Dimension } from "../../core/analytics/dimensions.ts";
import { DAY_MS } from "../../core/durations.ts";
import { previewLimit } from "../../core/limits/preview-limit.ts";
import { listSubjectMinutes } from "../../db/queries/logs/past-calls.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds } from "../http/responses.ts";
import { body } from "../http/validate.ts";
import { count } from "../resources/members.ts";

/** Subjects whose traffic is summed by minute. */
const PREVIEWED_SUBJECTS = ["tenant", "user", "key", "server", "tool"] as const;

const request = z
  .strictObject({
    subjectType: z.enum(PREVIEWED_SUBJECTS),
    subjectId: z.string().min(1).max(200).nullable().default(null),
    serverId: z.uuid().nullable().default(null),
    toolName: z.string().min(1).max(255).nullable().default(null),
    limitCount: count,
    windowSeconds: z.number().int().min(1).max(86_400).default(60),
    burstFactor: z.number().min(1).max(100).default(1),
  })
  .meta({ examples: [{ subjectType: "tenant", limitCount: 1000 }] });

const shape = z
  .object({
    requests: z.number().int().describe("Requests of the subjects."),
    highest: z.number().int().describe("Most requests of one subject within one window."),
    rejected: z.number().int().describe("Requests that the limit would have rejected."),
    limitedSubjects: z.number().int().describe("Subjects with rejected requests."),
  })
  .meta({ id: "RateLimitPreview" });

interface Subject {
  readonly dimension: Dimension;
  readonly member: string | null;
}

function findSubject({ subjectType, subjectId, serverId, toolName }: z.output<typeof request>): Subject {
  switch (subjectType) {
    case "tenant":
      return { dimension: "all", member: "" };
    case "server":
      return { dimension: "server", member: serverId };
    case "tool":
      return {
        dimension: "tool",
        member: serverId === null || toolName === null ? null : `${serverId}/${toolName}`,
      };
    default:
      return { dimension: subjectType, member: subjectId };
  }
}

export const limitPreview = new Hono<AppEnv>().post(
  "/preview",
  requirePermission("rate-limits.list"),
  body(request),
  responds(shape, "The evaluation of the limit over the traffic of the last 24 hours."),
  async (c) => {
    const { db, principal } = c.var;
    const limit = c.req.valid("json");
    const since = new Date(Date.now() - DAY_MS - limit.windowSeconds * 1000);
    const subject = findSubject(limit);
    const rows = await listSubjectMinutes(db, { tenantId: principal.tenantId, ...subject, since });
    const isOfServer = (member: string) =>
      subject.dimension !== "tool" || limit.serverId === null || member.startsWith(`${limit.serverId}/`);
    const minutes = rows
      .filter(({ member }) => isOfServer(member))
      .map((row) => ({ ...row, at: row.at.getTime() }));
    const previews = [...Map.groupBy(minutes, ({ member }) => member).values()].map((own) =>
      previewLimit(limit, own),
    );
    const sum = (of: "requests" | "rejected") => previews.reduce((total, one) => total + one[of], 0);
    return c.json({
      requests: sum("requests"),
      highest: Math.max(0, ...previews.map(({ highest }) => highest)),
      rejected: sum("rejected"),
      limitedSubjects: previews.filter(({ rejected }) => rejected > 0).length,
    });
  },
);
