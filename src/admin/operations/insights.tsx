/** Insights for operators over all organizations: slow servers, used tools, keys and sessions, and what an address did. */
import { Hono } from "hono";
import type { Child } from "hono/jsx";
import { z } from "zod";
import { HEALTH_STATUSES } from "../../core/enums.ts";
import { short, withUnit } from "../charts/scale.ts";
import { Button, Field } from "../forms/controls.tsx";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { type ColumnName, Empty, TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { Health } from "../ui/states.tsx";

const PATH = "/admin/system/insights";
const API = "/system/insights";
const SHOWN = 10;

const nullableNumber = z.number().nullable();
const server = z.object({
  id: z.string(),
  name: z.string(),
  healthStatus: z.enum(HEALTH_STATUSES),
  avgResponseTime: nullableNumber,
  successRate: nullableNumber,
});
const tool = z.object({
  name: z.string(),
  totalCalls: z.number(),
  successCount: z.number(),
  avgExecutionTime: nullableNumber,
});
const key = z.object({
  name: z.string(),
  keyPrefix: z.string(),
  totalRequests: z.number(),
  lastUsed: z.string().nullable(),
  expiresAt: z.string().nullable(),
});
const session = z.object({
  userId: z.string(),
  ipAddress: z.string().nullable(),
  lastActivity: z.string(),
});
const requested = z.object({
  path: z.string(),
  requests: z.number(),
  refused: z.number(),
  lastAt: z.string(),
});

interface SectionProps {
  readonly id: string;
  readonly title: string;
  readonly none: string;
  readonly columns: readonly ColumnName[];
  readonly rows: readonly (readonly Child[])[];
}

/** A table whose cells stand as its columns do: the first names the row, figures are at the right. */
function Section({ id, title, none, columns, rows }: SectionProps) {
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {rows.length === 0 && <p class="quiet-text">{none}</p>}
      {rows.length > 0 && (
        <section class="scroll" aria-label={`${title}, table`} tabindex={0}>
          <table aria-labelledby={id}>
            <TableHead columns={columns} />
            <tbody>
              {rows.map(([first, ...cells]) => (
                <tr>
                  <th scope="row">{first}</th>
                  {cells.map((cell, index) => (
                    <td class={typeof columns[index + 1] === "string" ? undefined : "number"}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

const ms = (value: number | null) => (value === null ? "" : withUnit(Math.round(value * 10) / 10, "ms"));
const percent = (part: number, whole: number) => (whole === 0 ? "" : withUnit((100 * part) / whole, "%"));

async function loadUsage(rest: ApiClient) {
  const read = async <Row,>(name: string, shape: z.ZodType<Row>) =>
    (await rest.read(`${API}/${name}`, pageShape(shape), { limit: SHOWN })).value.items;
  const [servers, tools, keys, expiring, sessions] = await Promise.all([
    read("slow-servers", server),
    read("tools", tool),
    read("keys", key),
    read("expiring-keys", key),
    read("sessions", session),
  ]);
  return { servers, tools, keys, expiring, sessions };
}

function Usage({ servers, tools, keys, expiring, sessions }: Awaited<ReturnType<typeof loadUsage>>) {
  return (
    <>
      <Section
        id="slow"
        title="Slow servers"
        none="No server responds in more than 500 ms on average."
        columns={["Server", "Health", { figure: "Avg." }, { figure: "Success rate" }]}
        rows={servers.map(({ name, healthStatus, avgResponseTime, successRate }) => [
          name,
          <Health of={healthStatus} />,
          ms(avgResponseTime),
          successRate === null ? "" : percent(successRate, 1),
        ])}
      />
      <Section
        id="tools"
        title="Most used tools"
        none="No calls yet."
        columns={["Tool", { figure: "Calls" }, { figure: "Successful" }, { figure: "Avg." }]}
        rows={tools.map(({ name, totalCalls, successCount, avgExecutionTime }) => [
          name,
          short(totalCalls),
          percent(successCount, totalCalls),
          ms(avgExecutionTime),
        ])}
      />
      <Section
        id="keys"
        title="API keys in use"
        none="No API key was used in the last 24 hours."
        columns={["API key", "Prefix", { figure: "Requests" }, "Last use"]}
        rows={keys.map(({ name, keyPrefix, totalRequests, lastUsed }) => [
          name,
          <code>{keyPrefix}</code>,
          short(totalRequests),
          <Time at={lastUsed} />,
        ])}
      />
      <Section
        id="expiring"
        title="API keys that expire within 7 days"
        none="None. Owners are notified by email 7 days and 1 day before."
        columns={["API key", "Prefix", "Expires"]}
        rows={expiring.map(({ name, keyPrefix, expiresAt }) => [
          name,
          <code>{keyPrefix}</code>,
          <Time at={expiresAt} />,
        ])}
      />
      <Section
        id="sessions"
        title="Active sign-in sessions"
        none="No session was active in the last hour."
        columns={["User", "IP address", "Last activity"]}
        rows={sessions.map(({ userId, ipAddress, lastActivity }) => [
          <code>{userId}</code>,
          ipAddress ?? "",
          <Time at={lastActivity} />,
        ])}
      />
    </>
  );
}

export const insightPages = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("system.read"), async (c) =>
    c.html(
      <Page title="Insights" intro="Over all organizations." frame={buildFrame(c)}>
        <form method="get" action={`${PATH}/address`} class="row start">
          <Field name="ipAddress" label="Requests of an IP address" />
          <Button kind="quiet">Show requests</Button>
        </form>
        <Usage {...(await loadUsage(c.get("rest")))} />
      </Page>,
    ),
  )
  .get(`${PATH}/address`, requirePagePermission("system.read"), async (c) => {
    const ipAddress = (c.req.query("ipAddress") ?? "").trim();
    if (ipAddress === "") return c.redirect(PATH, 303);
    const { value } = await c.get("rest").read(`${API}/address`, pageShape(requested), { ipAddress });
    return c.html(
      <Page title={ipAddress} frame={buildFrame(c)} crumbs={[{ label: "Insights", path: PATH }]}>
        {value.items.length === 0 ? (
          <div class="card">
            <Empty title="No requests">
              <p>This address sent no requests in the last 7 days.</p>
            </Empty>
          </div>
        ) : (
          <Section
            id="requests"
            title="Requests of the last 7 days"
            none=""
            columns={["Path", { figure: "Requests" }, { figure: "Rejected" }, "Last request"]}
            rows={value.items.map(({ path, requests, refused, lastAt }) => [
              <code>{path}</code>,
              short(requests),
              short(refused),
              <Time at={lastAt} />,
            ])}
          />
        )}
      </Page>,
    );
  });
