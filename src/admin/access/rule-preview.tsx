/** The preview below the form of an access rule: the calls of the last day that it would have matched. */
import { Hono } from "hono";
import { z } from "zod";
import { type FieldSpec, readFields, readTyped } from "../forms/fields.ts";
import { PreviewResult } from "../forms/preview.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

export const RULE_PREVIEW_PATH = "/admin/access/preview";

const shape = z.object({
  calls: z.number(),
  isComplete: z.boolean(),
  matchedCalls: z.number(),
  matchedCallers: z.number(),
  items: z.array(z.object({ kind: z.string(), serverName: z.string(), name: z.string(), calls: z.number() })),
});

const SHOWN_ITEMS = 10;

type Body = Record<string, unknown>;

/** `toBody` makes the rule of the API from the form's fields. */
export const accessRulePreview = (fields: readonly FieldSpec[], toBody: (body: Body) => Body) =>
  new Hono<AdminEnv>().post(RULE_PREVIEW_PATH, requirePagePermission("access.explain"), async (c) => {
    const { body, faults } = readFields(fields, readTyped(fields, c.get("posted")));
    const sent =
      faults.length > 0
        ? undefined
        : await c.get("rest").send("POST", "/access-controls/preview", { json: toBody(body) });
    const found = sent?.ok === true ? shape.parse(sent.value) : undefined;
    return c.html(
      <Page title="Preview" frame={buildFrame(c)}>
        <PreviewResult>
          {found === undefined ? (
            <p class="quiet-text">Enter a valid rule to see which calls it matches.</p>
          ) : (
            <Matches {...found} />
          )}
        </PreviewResult>
      </Page>,
    );
  });

function Matches({ calls, isComplete, matchedCalls, matchedCallers, items }: z.output<typeof shape>) {
  const period = isComplete ? `the ${calls} calls of the last 24 hours` : `the latest ${calls} calls`;
  return (
    <>
      <p>
        Matches <strong>{matchedCalls}</strong> of {period}, by <strong>{matchedCallers}</strong>{" "}
        {matchedCallers === 1 ? "caller" : "callers"}.
      </p>
      <ul class="tight">
        {items.slice(0, SHOWN_ITEMS).map(({ kind, serverName, name, calls: count }) => (
          <li>
            {kind} <code>{name}</code> of {serverName}: {count}
          </li>
        ))}
      </ul>
    </>
  );
}
