/** The preview below the form of a rate limit: what it would have rejected in the last day. */
import { Hono } from "hono";
import { z } from "zod";
import { type FieldSpec, readFields, readTyped, toTyped } from "../forms/fields.ts";
import { PreviewResult } from "../forms/preview.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

export const LIMIT_PREVIEW_PATH = "/admin/rate-limits/preview";

const shape = z.object({
  requests: z.number(),
  highest: z.number(),
  rejected: z.number(),
  limitedSubjects: z.number(),
});

const SENT = [
  "subjectType",
  "subjectId",
  "serverId",
  "toolName",
  "limitCount",
  "windowSeconds",
  "burstFactor",
] as const;

/** Their traffic is not summed by minute. */
const UNKNOWN_SUBJECTS: readonly unknown[] = ["role", "group", "ip"];
const WITH_SERVER: readonly unknown[] = ["server", "tool"];

type Body = Record<string, unknown>;

interface Conversions {
  readonly toForm: (row: Body) => Body;
  readonly fromForm: (body: Body) => Body;
}

/** `id` of the query is the limit that is edited: its form has only what can be changed. */
export const limitPreview = (fields: readonly FieldSpec[], { toForm, fromForm }: Conversions) =>
  new Hono<AdminEnv>().post(LIMIT_PREVIEW_PATH, requirePagePermission("rate-limits.list"), async (c) => {
    const id = c.req.query("id");
    const rest = c.get("rest");
    const stored =
      id === undefined
        ? {}
        : (await rest.read(`/rate-limits/${encodeURIComponent(id)}`, z.record(z.string(), z.unknown())))
            .value;
    const posted = fields.filter(({ fixed }) => id === undefined || fixed !== true);
    const typed = {
      ...(id !== undefined && toTyped(fields, toForm(stored))),
      ...readTyped(posted, c.get("posted")),
    };
    const { body, faults } = readFields(fields, typed);
    const limit = fromForm(body);
    const isKnown =
      !UNKNOWN_SUBJECTS.includes(limit.subjectType) &&
      (limit.serverId === null || WITH_SERVER.includes(limit.subjectType));
    const json = Object.fromEntries(SENT.map((name) => [name, limit[name] ?? null]));
    const sent =
      faults.length > 0 || !isKnown ? undefined : await rest.send("POST", "/rate-limits/preview", { json });
    const found = sent?.ok === true ? shape.parse(sent.value) : undefined;
    return c.html(
      <Page title="Preview" frame={buildFrame(c)}>
        <PreviewResult>
          {found !== undefined ? (
            <Effect {...found} />
          ) : (
            <p class="quiet-text">
              {isKnown
                ? "Enter a valid limit to see the preview."
                : "There is no preview for this subject: its traffic is not summed by minute."}
            </p>
          )}
        </PreviewResult>
      </Page>,
    );
  });

function Effect({ requests, highest, rejected, limitedSubjects }: z.output<typeof shape>) {
  return (
    <p>
      Of {requests} requests in the last 24 hours, this limit would have rejected <strong>{rejected}</strong>
      {rejected > 0 && (
        <>
          , of <strong>{limitedSubjects}</strong> {limitedSubjects === 1 ? "subject" : "subjects"}
        </>
      )}
      . Most requests within one window: <strong>{highest}</strong>.
    </p>
  );
}
