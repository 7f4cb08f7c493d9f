/** The storage of the database for operators: the materialized views with their schedule, table sizes and index usage. */
import { Hono } from "hono";
import { z } from "zod";
import { REFRESH_STRATEGIES } from "../../core/enums.ts";
import { formatBytes, short, withUnit } from "../charts/scale.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import { type FormOutcome, OnePage } from "../crud/pages.tsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { type FieldSpec, readFields, readTyped, toTyped } from "../forms/fields.ts";
import { loadOptions } from "../forms/form.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Badge, Details, TableHead, Time, type Tone } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const PATH = "/admin/system/storage";
const TITLE = "Storage";
const API = "/system/materialized-views";

const view = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  refreshStrategy: z.enum(REFRESH_STRATEGIES),
  refreshIntervalSeconds: z.number().nullable(),
  isEnabled: z.boolean(),
  lastRefreshedAt: z.string().nullable(),
  lastDurationMs: z.number().nullable(),
  lastError: z.string().nullable(),
});
type View = z.output<typeof view>;

const tableSize = z.object({
  tableName: z.string(),
  estimatedRows: z.number(),
  dataBytes: z.number(),
  indexBytes: z.number(),
  totalBytes: z.number(),
});

const indexUsage = z.object({
  tableName: z.string(),
  indexName: z.string(),
  scans: z.number(),
  tuplesRead: z.number(),
  tuplesFetched: z.number(),
  sizeBytes: z.number(),
  usage: z.enum(["Unused", "Low usage", "Active"]),
});
type IndexUsage = z.output<typeof indexUsage>;

const TONES: Record<IndexUsage["usage"], Tone> = { Unused: "warn", "Low usage": "plain", Active: "good" };

const FIELDS: readonly FieldSpec[] = [
  {
    ...{ name: "isEnabled", label: "Enabled", kind: "yes" },
    hint: "Disabled: analytics end at the last refresh. No event is lost.",
  },
  {
    name: "refreshStrategy",
    label: "Refresh strategy",
    kind: "choice",
    options: [
      { value: "incremental", label: "Incremental, by interval" },
      { value: "manual", label: "Manual" },
    ],
  },
  {
    ...{ name: "refreshIntervalSeconds", label: "Refresh interval (s)", kind: "number" },
    ...{ min: 60, max: 86_400, step: 1 },
  },
];

function Views({ views, token, isWriter }: { views: readonly View[]; token: string; isWriter: boolean }) {
  return (
    <section class="card" aria-labelledby="views">
      <h2 id="views">Materialized views</h2>
      <p class="quiet-text">
        The traffic sums behind analytics are refreshed together and have one schedule.
      </p>
      <section class="scroll" aria-label="Materialized views, table" tabindex={0}>
        <table aria-labelledby="views">
          <TableHead
            columns={[
              "View",
              "Enabled",
              "Strategy",
              { figure: "Interval" },
              "Last refresh",
              { figure: "Took" },
              "Action",
            ]}
          />
          <tbody>
            {views.map((each) => (
              <tr>
                <th scope="row">
                  <a href={`${PATH}/${each.id}`}>{each.name}</a>
                  <br />
                  <span class="quiet-text">{each.description}</span>
                </th>
                <td>
                  <Badge tone={each.isEnabled ? "good" : "off"}>
                    {each.isEnabled ? "enabled" : "disabled"}
                  </Badge>
                </td>
                <td>{each.refreshStrategy}</td>
                <td class="number">{each.refreshIntervalSeconds ?? 60} s</td>
                <td>
                  <Time at={each.lastRefreshedAt} />
                  {each.lastError !== null && <p class="notice bad">{each.lastError}</p>}
                </td>
                <td class="number">
                  {each.lastDurationMs === null ? "" : withUnit(each.lastDurationMs, "ms")}
                </td>
                <td>
                  {isWriter && (
                    <PostForm action={`${PATH}/${each.id}/refresh`} token={token} class="inline">
                      <Button kind="quiet" busy="Refreshing…">
                        Refresh
                      </Button>
                    </PostForm>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Sizes({ sizes }: { sizes: readonly z.output<typeof tableSize>[] }) {
  return (
    <section class="card" aria-labelledby="sizes">
      <h2 id="sizes">Table sizes</h2>
      <section class="scroll" aria-label="Table sizes, table" tabindex={0}>
        <table aria-labelledby="sizes">
          <TableHead
            columns={[
              "Table",
              { figure: "Rows (est.)" },
              { figure: "Data" },
              { figure: "Indexes" },
              { figure: "Total" },
            ]}
          />
          <tbody>
            {sizes.map(({ tableName, estimatedRows, dataBytes, indexBytes, totalBytes }) => (
              <tr>
                <th scope="row">{tableName}</th>
                <td class="number">{short(Math.max(0, estimatedRows))}</td>
                <td class="number">{formatBytes(dataBytes)}</td>
                <td class="number">{formatBytes(indexBytes)}</td>
                <td class="number">{formatBytes(totalBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Indexes({ indexes }: { indexes: readonly IndexUsage[] }) {
  return (
    <section class="card" aria-labelledby="indexes">
      <h2 id="indexes">Index usage</h2>
      <p class="quiet-text">Since the last reset of the database's statistics.</p>
      <section class="scroll" aria-label="Index usage, table" tabindex={0}>
        <table aria-labelledby="indexes">
          <TableHead
            columns={[
              ...["Index", "Table", "Usage"],
              ...[
                { figure: "Scans" },
                { figure: "Rows read" },
                { figure: "Rows fetched" },
                { figure: "Size" },
              ],
            ]}
          />
          <tbody>
            {indexes.map(({ indexName, tableName, usage, scans, tuplesRead, tuplesFetched, sizeBytes }) => (
              <tr>
                <th scope="row">{indexName}</th>
                <td>{tableName}</td>
                <td>
                  <Badge tone={TONES[usage]}>{usage.toLowerCase()}</Badge>
                </td>
                <td class="number">{short(scans)}</td>
                <td class="number">{short(tuplesRead)}</td>
                <td class="number">{short(tuplesFetched)}</td>
                <td class="number">{formatBytes(sizeBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

const api = (id: string) => `${API}/${encodeURIComponent(id)}`;
const row = z.record(z.string(), z.unknown());

async function showView(c: AdminContext, id: string, sent?: { outcome: FormOutcome; theirs: boolean }) {
  const rest = c.get("rest");
  const { value, etag } = await rest.read(api(id), row);
  const { name, description, lastRefreshedAt } = view.parse(value);
  const current = toTyped(FIELDS, value);
  return (
    <OnePage
      place={{
        ...{ frame: buildFrame(c), title: TITLE, path: PATH, noun: "materialized view", fields: FIELDS },
        ...{ options: await loadOptions(FIELDS, rest), preview: undefined },
      }}
      id={id}
      name={name}
      etag={sent === undefined || sent.theirs ? etag : c.get("form").etag}
      outcome={sent?.outcome ?? { typed: current }}
      mayChange={may(c, "system.write")}
      mayDelete={false}
      isFinal={false}
      does={may(c, "system.write") ? [{ action: "system.write", at: "refresh", label: "Refresh now" }] : []}
      about={
        <section class="card" aria-label="Materialized view">
          <Details
            of={[
              ["Contents", description ?? "–"],
              ["Last refresh", <Time at={lastRefreshedAt} />],
              ["Schedule", "One for all traffic sums: a change applies to each of them."],
            ]}
          />
        </section>
      }
      {...(sent?.theirs === true && { theirs: current })}
    />
  );
}

export const storage = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("system.read"), async (c) => {
    const rest = c.get("rest");
    const [views, sizes, indexes] = await Promise.all([
      rest.read(API, pageShape(view)),
      rest.read("/system/database-sizes", pageShape(tableSize)),
      rest.read("/system/index-usage", pageShape(indexUsage)),
    ]);
    const frame = buildFrame(c);
    return c.html(
      <Page title={TITLE} intro="Materialized views, tables and indexes of the database." frame={frame}>
        <Views views={views.value.items} token={frame.formToken} isWriter={may(c, "system.write")} />
        <Sizes sizes={sizes.value.items} />
        <Indexes indexes={indexes.value.items} />
      </Page>,
    );
  })
  .get(`${PATH}/:id`, requirePagePermission("system.read"), async (c) =>
    c.html(await showView(c, c.req.param("id"))),
  )
  .post(`${PATH}/:id`, requirePagePermission("system.write"), async (c) => {
    const id = c.req.param("id");
    const typed = readTyped(FIELDS, c.get("posted"));
    const { body, faults } = readFields(FIELDS, typed);
    const again = async (outcome: FormOutcome, theirs = false) =>
      c.html(await showView(c, id, { outcome, theirs }), theirs ? 412 : 422);
    if (faults.length > 0) return again({ typed, faults });
    const sent = await c.get("rest").send("PATCH", api(id), { json: body, ifMatch: c.get("form").etag });
    if (sent.ok) return redirectWithFlash(c, sent, { says: "Changes saved.", back: PATH });
    if (sent.refusal.code === "precondition_failed") return again({ typed }, true);
    return again(toFormOutcome(sent.refusal, typed));
  })
  .post(`${PATH}/:id/refresh`, requirePagePermission("system.write"), async (c) => {
    const sent = await c.get("rest").send("POST", `${api(c.req.param("id"))}/refresh`);
    return redirectWithFlash(c, sent, { says: "Traffic sums refreshed.", back: PATH });
  });
