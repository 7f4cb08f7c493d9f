/** Every page shows the same for the same traffic of both eras: what was called, by which key, and what failed and why. */
import type { Page } from "playwright-core";
import { expect, it, vi } from "vitest";
import { startEverything } from "../fixtures/everything/start.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";
import { type Endpoint, LegacySession, modern } from "../fixtures/wire.ts";

const CLIENT_REQUEST_ID = "build-4711.step:3";
/** Of `addTraffic`, with the handshake of the session. */
const ERRORS = 4;
const CALLS = 8;

/** The error of the denied call, as its client got it. */
let denial: Readonly<Record<string, unknown>> = {};

async function addTraffic(stage: Stage): Promise<void> {
  const everything = await startEverything();
  stage.atEnd(() => everything.close());
  const key = await stage.tenant.addKey({ role: "user", scopes: ["proxy"] });
  await stage.tenant.deny(key, "tool", "test_image_content");
  const id = await stage.tenant.addServer({ name: "everything", url: everything.url });
  await stage.tenant.addServer({ name: "dead", url: "http://127.0.0.1:9/mcp" });
  await stage.rest("POST", `/servers/${id}/discover`);
  const at = (server: string): Endpoint => ({ url: `${stage.gateway.url}/mcp/${server}`, key });
  const call = (server: string, name: string, headers = {}) =>
    modern(at(server), "tools/call", { name, arguments: {} }, { headers });
  await call("everything", "test_simple_text");
  await call("everything", "test_simple_text");
  await call("everything", "test_error_handling");
  await call("dead", "anything");
  const { error } = await call("everything", "test_image_content", { "x-request-id": CLIENT_REQUEST_ID });
  denial = Object(error);
  const session = await LegacySession.begin(at("everything"));
  await session.call("test_simple_text");
  await session.call("test_error_handling");
}

async function waitForLogs({ people, tenant }: Stage): Promise<void> {
  const count = async (records: string) => {
    const [row] = await people.query(`select count(*)::int as rows from ${records} and tenant_id = $1`, [
      tenant.id,
    ]);
    return row?.rows;
  };
  const timeouts = { timeout: 30_000, interval: 250 };
  for (const records of ["mcp_audit_logs where true", "request_logs where mcp_method is not null"]) {
    await vi.waitFor(async () => expect(await count(records)).toBe(CALLS), timeouts);
  }
  await people.query("select gateway_roll_up()");
}

const textOf = async (page: Page) => (await page.locator("main").innerText()).replace(/\s+/g, " ");

walkPages({
  name: "the figures of all pages",
  pages: [{ path: "/admin/logs", heading: "Requests", for: ["admin"] }],
  async prepare(stage) {
    await addTraffic(stage);
    await waitForLogs(stage);
    return {};
  },
  stories(stage) {
    const at = (path: string) => `${stage().gateway.url}${path}`;

    it("count the same calls and the same errors", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("/admin"));
        expect(await textOf(page)).toContain(`Requests ${CALLS} `);
        expect(await textOf(page)).toContain(`${ERRORS} of ${CALLS}`);
        await page.goto(at("/admin/analytics?range=hour"));
        expect(await textOf(page)).toMatch(new RegExp(`Requests ${CALLS}\\b`));
        expect(await textOf(page)).toMatch(/Error rate 50 ?%/);
        await page.goto(at("/admin/analytics?range=hour&kind=mcp"));
        // The session's notification is an MCP request, but no call.
        expect(await textOf(page)).toMatch(new RegExp(`Requests ${CALLS + 1}\\b`));
        await page.goto(at("/admin/logs"));
        await page.getByText(`${CALLS} entries`).waitFor();
        await page.getByLabel("Outcome").selectOption("Error");
        await page.getByText(`${ERRORS} entries`).waitFor();
        await page.goto(at("/admin/logs/live?only=failed"));
        await expect(page.locator("#tail .line-of-log").count()).resolves.toBeLessThanOrEqual(ERRORS);
      }));

    it("show why a call failed, whatever its HTTP status, and name server and key", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("/admin/logs"));
        const rows = page.locator("tbody tr");
        const failed = rows.filter({ hasText: "test_error_handling" });
        await expect(failed.count()).resolves.toBe(2);
        for (const text of await failed.allInnerTexts()) {
          expect(text.replace(/\s+/g, " ")).toMatch(/everything .*test .*Error: Tool error/);
        }
        await expect(rows.filter({ hasText: "dead" }).innerText()).resolves.toContain(
          "Error: Server unreachable",
        );
        const [file] = await Promise.all([page.waitForEvent("download"), page.getByText("CSV").click()]);
        const [head, ...lines] = Buffer.concat(await (await file.createReadStream()).toArray())
          .toString()
          .trim()
          .split("\r\n");
        expect(head).toBe(
          "Time,Request,Server,Principal,API key,Client,Outcome,Duration,Reason,HTTP status,Request ID,Client request ID",
        );
        expect(lines.filter((line) => line.includes(",error,"))).toHaveLength(ERRORS);
        expect(lines.find((line) => line.includes(CLIENT_REQUEST_ID))).toContain(
          "test_image_content,everything,",
        );
      }));

    it("find a request by the ID that the client sent, and by the one in its error", () =>
      stage().visit("admin", async (page) => {
        const { requestId } = Object(denial.data);
        expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
        for (const id of [CLIENT_REQUEST_ID, requestId]) {
          await page.goto(at("/admin/logs"));
          await page.getByLabel("Request ID").fill(id);
          await page.getByText("1 entry").waitFor();
        }
        await page.locator("tbody a").first().click();
        await page.getByRole("heading", { level: 1, name: "Request" }).waitFor();
        const facts = await textOf(page);
        expect(facts).toContain(`Client request ID ${CLIENT_REQUEST_ID}`);
        expect(facts).toMatch(/Outcome Error: (?:Forbidden|Not found)/);
        // Names lead to the records; the IDs are there to copy.
        await page.getByRole("link", { name: "everything" }).waitFor();
        await expect(page.getByRole("button", { name: "Copy ID" }).count()).resolves.toBeGreaterThan(1);
      }));

    it("narrow to a time range of the reader's zone, which the filter names", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("/admin/logs"));
        const range = page.getByLabel("Time range");
        await expect(range.inputValue()).resolves.toBe("day");
        await expect(page.getByLabel("From").isVisible()).resolves.toBe(false);
        await range.selectOption("Last hour");
        await page.waitForURL(/period=hour/);
        await page.getByText(`${CALLS} entries`).waitFor();
        await range.selectOption("Yesterday");
        await page.waitForURL(/period=yesterday/);
        await range.selectOption("Custom");
        await page.getByLabel("From (Europe/Zurich)").fill("2026-01-01T00:00");
        await page.getByText(`${CALLS} entries`).waitFor();
        await page.getByLabel("To (Europe/Zurich)").fill("2026-01-01T00:01");
        await page.getByText("No results").waitFor();
        await page.getByText("Times are in Europe/Zurich.").waitFor();
      }));

    it("name the zone without script too", () =>
      stage().visit(
        "admin",
        async (page) => {
          await page.goto(at("/admin/logs?period=custom&from=2026-01-01T00:00"));
          await expect(page.getByLabel("From (UTC)").inputValue()).resolves.toBe("2026-01-01T00:00");
          await page.getByText(`${CALLS} entries`).waitFor();
          await page.getByText("Times are in UTC.").waitFor();
        },
        { script: false },
      ));
  },
});
