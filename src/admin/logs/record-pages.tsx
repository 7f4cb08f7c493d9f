/** Pages of a kind of record: the list, and each one in full. A record is found by its id and its time, which its link carries. */
import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import type { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { NotFoundError } from "../../core/errors.ts";
import { LinkButton } from "../forms/controls.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes } from "../lists/routes.tsx";
import { type ListSpec, PERIOD_FILTER } from "../lists/spec.ts";
import { type FindName, loadNames, type RecordIds } from "../lookups/record-names.tsx";
import { Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

interface Recorded {
  readonly id: string;
  readonly timestamp: string;
}

export interface RecordPages<Row extends Recorded, Full extends Row> {
  readonly title: string;
  readonly noun: string;
  readonly action: Permission;
  readonly actions?: (c: Context<AdminEnv>) => Child;
  readonly list: Omit<ListSpec<Row>, "label" | "usual" | "rowPath" | "empty">;
  readonly full: z.ZodType<Full>;
  /** The IDs in a record whose names `show` needs. */
  readonly ids?: (row: Full) => RecordIds;
  readonly show: (row: Full, nameOf: FindName) => Child;
}

const SECOND_MS = 1000;

export function recordPages<Row extends Recorded, Full extends Row>(
  pages: RecordPages<Row, Full>,
): Hono<AdminEnv> {
  const { title, noun, action, list, full, show } = pages;
  const { path, api } = list;
  return new Hono<AdminEnv>()
    .route(
      "/",
      listRoutes<Row>({
        title,
        intro: "Last 24 hours by default.",
        action,
        ...(pages.actions !== undefined && { actions: pages.actions }),
        list: {
          ...list,
          label: title,
          usual: "",
          filters: [...(list.filters ?? []), PERIOD_FILTER],
          rowPath: ({ id, timestamp }) => `${path}/${id}?at=${encodeURIComponent(timestamp)}`,
          empty: {
            title: "No entries in the last 24 hours",
            says: "Select a longer period.",
            action: <LinkButton to={`${path}?from=2000-01-01T00:00`}>All time</LinkButton>,
          },
        },
      }),
    )
    .get(`${path}/:id{[0-9a-f-]{36}}`, requirePagePermission(action), async (c) => {
      const at = Date.parse(c.req.query("at") ?? "");
      const { value } = await c.get("rest").read(api, pageShape(full), {
        id: c.req.param("id"),
        ...(!Number.isNaN(at) && {
          from: new Date(at - SECOND_MS).toISOString(),
          to: new Date(at + SECOND_MS).toISOString(),
        }),
      });
      const [row] = value.items;
      if (row === undefined)
        throw new NotFoundError(`${noun} not found. It may be past the retention period.`);
      const nameOf = await loadNames(c.get("rest"), pages.ids?.(row) ?? {});
      return c.html(
        <Page title={noun} frame={buildFrame(c)} intro={<Time at={row.timestamp} />}>
          {show(row, nameOf)}
        </Page>,
      );
    });
}

/** What a record holds beside what has a column. */
export function More({ of, title = "Details" }: { of: unknown; title?: string }) {
  if (of === null || of === undefined) return null;
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      <pre>{JSON.stringify(of, null, 2)}</pre>
    </section>
  );
}

export const RequestLink = ({ id }: { id: string | null }) =>
  id === null ? (
    ""
  ) : (
    <a href={`/admin/logs?kind=all&requestId=${encodeURIComponent(id)}&from=2000-01-01T00:00`}>{id}</a>
  );
